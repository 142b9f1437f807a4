// Preloaded into a server: kills it at one of the calls that change a file system, counted over all its threads.
//
// KILL_AT=n      at the n-th call; 0 only counts
// KILL_MODE=...  before the call, after it, or half: in the middle of a write, elsewhere as before
// KILL_COUNT=f   where the number of calls is written when the process exits by itself
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static long kill_at(void) {
    const char *text = getenv("KILL_AT");
    return text ? atol(text) : 0;
}

static int is_mode(const char *mode) {
    const char *text = getenv("KILL_MODE");
    return text && strcmp(text, mode) == 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    pause();
}

// Counts a call and returns whether it is call number KILL_AT.
static int is_the_one(void) {
    int found = atomic_fetch_add(&calls, 1) + 1 == kill_at();
    if (found && !is_mode("after") && !is_mode("half")) die();
    return found;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("KILL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CALL(type, name, parameters, arguments) \
    type name parameters {                      \
        int found = is_the_one();               \
        if (found && is_mode("half")) die();    \
        type result = NEXT(name) arguments;     \
        if (found) die();                       \
        return result;                          \
    }

CALL(int, fdatasync, (int fd), (fd))
CALL(int, fsync, (int fd), (fd))
CALL(int, ftruncate, (int fd, off_t length), (fd, length))
CALL(int, renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
CALL(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
CALL(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    int found = is_the_one();
    if (found && is_mode("half")) {
        NEXT(pwrite)(fd, bytes, count / 2, offset);
        die();
    }
    ssize_t result = NEXT(pwrite)(fd, bytes, count, offset);
    if (found) die();
    return result;
}

// Opening a file changes the file system only if it can create it.
#define OPEN(name)                                                                                         \
    int name(int fd, const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                                      \
        va_start(rest, flags);                                                                             \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                                          \
        va_end(rest);                                                                                      \
        int found = flags & O_CREAT ? is_the_one() : 0;                                                    \
        if (found && is_mode("half")) die();                                                               \
        int result = NEXT(name)(fd, path, flags, mode);                                                    \
        if (found) die();                                                                                  \
        return result;                                                                                     \
    }

OPEN(openat)
OPEN(openat64)
