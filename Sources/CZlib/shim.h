// The whole stable API of zlib; Weights inflates the members of a ZIP and checks their CRC-32 with it.
#include <zlib.h>
