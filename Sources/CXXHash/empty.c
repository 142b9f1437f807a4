// SwiftPM builds no C target without a source; all of xxHash is inlined from the header.
#include "CXXHash.h"
