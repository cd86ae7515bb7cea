"""An ext4 in a file, whose power can be cut: nothing that is still in memory reaches it any more."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

EXT4_IOC_SHUTDOWN = 0x8004587D
"""_IOR('X', 125, __u32), https://github.com/torvalds/linux/blob/v6.1/fs/ext4/ext4.h"""

NO_LOG_FLUSH = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: the journal is cut off, too."""

SIZE = 192 * 1024 * 1024
PATIENCE = 30.0


class Disk:
    """Mounted at `.place`."""

    def __init__(self, folder: Path) -> None:
        self._image = folder / "disk.img"
        self.place = folder / "disk"
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        """As at boot: the file system's own journal is replayed."""
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def cut(self) -> None:
        """Cut its power."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Once nobody has a file of it open."""
        until = time.monotonic() + PATIENCE
        while subprocess.run(["umount", self.place], capture_output=True, check=False).returncode:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.place} is busy")
            time.sleep(0.1)


def missing(folder: Path) -> str:
    """Why there can be no such disk here; empty: there can."""
    if os.geteuid() != 0:
        return "only root may mount a file system"
    for program in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            return f"there is no {program}: apt install e2fsprogs mount"
    try:
        trial = folder / "trial"
        trial.mkdir()
        disk = Disk(trial)
    except subprocess.CalledProcessError as error:
        return f"a file cannot be mounted here (no loop devices?): {error.stderr.strip()}"
    try:
        disk.cut()
    except OSError as error:
        return f"this kernel does not cut ext4 off: {error.strerror}"
    finally:
        disk.unmount()
        shutil.rmtree(trial)
    return ""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
