"""A folder of requests: one process puts them there, another one reads them and trusts nothing.

A request is a file, put there whole, under an id of 32 hexadecimal digits. Whoever reads follows no link,
waits for no pipe and reads no more than a request has: the folder's owner may put anything there. There is no
fsync, for no request outlives its boot.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from store.snapshot import replace_whole

ID = re.compile(r"[0-9a-f]{32}\Z")

ENTRIES = 1_000
"""Names looked at in one go."""


def put(folder: Path, id: str, content: bytes) -> None:
    """Ask for something.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replace_whole(folder / id, content)


def waiting(folder: Path, largest: int, at_once: int) -> Iterator[tuple[str, bytes]]:
    """Id and content of what lies there, in no order; what is no small file under an id is left out.

    Args:
        largest: bytes that a request has; one byte more is read, so that a longer one shows.
        at_once: requests read in one go.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        found = 0
        with os.scandir(descriptor) as names:
            for _, entry in zip(range(ENTRIES), names, strict=False):
                if found >= at_once:
                    return
                content = _read(descriptor, entry.name, largest) if ID.match(entry.name) else None
                if content is not None:
                    found += 1
                    yield entry.name, content
    finally:
        os.close(descriptor)


def take_away(folder: Path, id: str) -> None:
    """Remove a request that was answered: by whom the folder belongs to."""
    with suppress(OSError):
        (folder / id).unlink()


def _read(folder: int, name: str, largest: int) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            return file.read(largest + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError:
        return None
