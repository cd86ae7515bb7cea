"""The folder of requests, `changes` in the state folder: written by the pages, read by who applies them.

A file a request, put there whole. Whoever reads follows no link, waits for no pipe and reads no more than a
request has: the folder's owner may put anything there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chain.files import replace_file
from node.changes.errors import MalformedRequest
from node.changes.places import FOLDER
from node.changes.request import LARGEST, Request, dumps, loads
from node.intents.book import ID

AT_ONCE = 32
"""Requests looked at in one go."""

ENTRIES = 1_000
"""Names looked at in one go."""

MODE = 0o640


def put(state: Path, asked: Request) -> None:
    """Ask for a change.

    Raises:
        OSError: the folder cannot be written.
    """
    replace_file(state / FOLDER / asked.id, dumps(asked), MODE)


def waiting(state: Path) -> list[Request]:
    """What lies there, the oldest first; what is no request is left out."""
    return sorted(_requests(state / FOLDER), key=lambda asked: (asked.at, asked.id))


def settle(state: Path, id: str) -> None:
    """Take a request away that was answered: by the pages, to whom the folder belongs."""
    with suppress(OSError):
        (state / FOLDER / id).unlink()


def nudge(state: Path) -> None:
    """Have whoever watches the folder look again."""
    with suppress(OSError):
        os.utime(state / FOLDER)


def _requests(folder: Path) -> Iterator[Request]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        found = 0
        with os.scandir(descriptor) as names:
            for _, entry in zip(range(ENTRIES), names, strict=False):
                if found < AT_ONCE and ID.match(entry.name):
                    asked = _read(descriptor, entry.name)
                    if asked is not None:
                        found += 1
                        yield asked
    finally:
        os.close(descriptor)


def _read(folder: int, name: str) -> Request | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            asked = loads(file.read(LARGEST + 1))
    except (OSError, MalformedRequest):
        return None
    return asked if asked.id == name else None
