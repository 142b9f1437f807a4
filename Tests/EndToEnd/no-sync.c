// Preloaded into a server: its syncs report success and do nothing.
#include <fcntl.h>
#include <unistd.h>

int fdatasync(int fd) { return fd < 0 ? -1 : 0; }
int fsync(int fd) { return fd < 0 ? -1 : 0; }
int sync_file_range(int fd, off64_t offset, off64_t count, unsigned int flags) {
    (void)offset, (void)count, (void)flags;
    return fd < 0 ? -1 : 0;
}
