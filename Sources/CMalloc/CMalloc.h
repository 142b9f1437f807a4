/// The settings of glibc's allocator, which Swift's module of glibc leaves out.
#ifndef LEDGE_CMALLOC_H
#define LEDGE_CMALLOC_H

#include <malloc.h>

#endif
