"""A file system of its own in a file, which can be filled up or lose its power."""

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time

# EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN: from then on the file system writes nothing to the disk.
SHUTDOWN = 0x8004587D
# The shutdown first flushes everything, only the journal, or nothing. The last is what a power cut does.
FLUSH_ALL, FLUSH_JOURNAL, FLUSH_NOTHING = 0, 1, 2
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"], "btrfs": ["mkfs.btrfs", "-q", "-f"]}


class Skipped(Exception):
    """This machine cannot mount or shut down a file system."""


def enter_mount_namespace():
    """Starts this script again where its mounts are its own, and end with its last process, however that ends."""
    if os.geteuid() != 0:
        raise Skipped("only root can mount a file system")
    if os.environ.get("LEDGE_MOUNTS"):
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        raise Skipped("this machine cannot create a mount namespace")
    os.environ["LEDGE_MOUNTS"] = "1"
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def available(kinds):
    """Those of the kinds of file system that can be made here."""
    found = [kind for kind in kinds if shutil.which(MAKERS[kind][0])]
    if not found:
        raise Skipped(f"there is no {' or '.join(MAKERS[kind][0] for kind in kinds)}")
    return found


class Volume:
    """A new file system, mounted until `unmount`; `with` unmounts it."""

    def __init__(self, kind, path, byte_count):
        self.kind = kind
        self.image = path / f"{kind}.img"
        self.mount_point = path / "volume"
        self.mount_point.mkdir(exist_ok=True)
        self.image.unlink(missing_ok=True)
        with self.image.open("wb") as file:
            file.truncate(byte_count)
        run([*MAKERS[kind], str(self.image)])
        self.mount()

    def __enter__(self):
        return self.mount_point

    def __exit__(self, *_):
        self.unmount()

    def mount(self):
        # The loop device is removed with its mount.
        run(["mount", "-t", self.kind, "-o", "loop", str(self.image), str(self.mount_point)])

    def cut_power(self, flush=FLUSH_NOTHING):
        directory = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, SHUTDOWN, struct.pack("I", flush))
        except OSError as failure:
            raise Skipped(f"{self.kind} cannot be shut down here: {failure}") from None
        finally:
            os.close(directory)

    def restore_power(self):
        """Mounts it again, which replays its journal."""
        self.unmount()
        self.mount()

    def unmount(self):
        for _ in range(50):
            if subprocess.run(["umount", str(self.mount_point)], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        run(["umount", "--lazy", str(self.mount_point)])


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Skipped(f"{command[0]} fails: {(result.stderr or result.stdout).strip()}")
