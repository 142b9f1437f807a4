// The whole stable API of libzstd; Blobs compresses and decompresses one frame at a time with it.
#include <zstd.h>
