"""A folder of requests: one process puts them there, another one reads them and trusts nothing.

A request is a file, put there whole, under an id of 32 hexadecimal digits. Whoever reads follows no link,
waits for no pipe and reads no more than a request has: the folder's owner may put anything there. There is no
fsync, for no request outlives its boot.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from store import snapshot
from store.errors import MalformedRequest
from store.snapshot import replace_whole, since

ID = re.compile(r"[0-9a-f]{32}\Z")
BY = re.compile(r"[\w .@:+()-]{1,64}\Z")

YEAR_2100 = 4_102_444_800
"""Unix seconds."""

LONGEST_BOOT = 64
"""Characters of a boot's id."""

ENTRIES = 1_000
"""Names looked at in one go."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who asked for something, and when: what every request has."""

    id: str
    by: str
    at: float
    """Unix seconds, for people."""

    boot: str
    boottime: float
    """Seconds."""

    def age(self, now: float, boot: str) -> float:
        """Seconds since it was asked; without end for one of another boot, or from the future.

        Args:
            now: boottime seconds.
            boot: id of this boot.
        """
        return since(self.boottime, self.boot, now, boot)


R = TypeVar("R", bound=Stamp)

A_MINUTE = 60.0


class Lately:
    """What was done in the last minute: so many at most."""

    def __init__(self, most: int) -> None:
        """Begin with nothing done."""
        self._done: deque[float] = deque(maxlen=most)

    def too_many(self, now: float) -> bool:
        """Whether another one has to wait.

        Args:
            now: seconds of any clock that never goes back.
        """
        return len(self._done) == self._done.maxlen and now - self._done[0] < A_MINUTE

    def done(self, now: float) -> None:
        """One more was done."""
        self._done.append(now)


def now() -> dict[str, Any]:
    """When something is asked for: what a `Stamp` has beside its id and author."""
    return {"at": time.time(), "boot": snapshot.boot_id(), "boottime": snapshot.boottime()}


def new_id() -> str:
    """For one form: whoever sends it twice asks once."""
    return secrets.token_hex(16)


def put(folder: Path, id: str, content: bytes) -> None:
    """Ask for something.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replace_whole(folder / id, content)


def dumps(asked: Stamp) -> bytes:
    """A request as JSON, if all that it has is JSON's."""
    return json.dumps(vars(asked), separators=(",", ":")).encode()


def loads(content: bytes, largest: int, make: Callable[[dict[str, Any]], R]) -> R:
    """A request of JSON. Its stamp is looked at; what else it has is for who knows its kind.

    Args:
        largest: bytes that one has.
        make: makes it of its fields.

    Raises:
        MalformedRequest: it is none.
    """
    if len(content) > largest:
        raise MalformedRequest(f"a request has {largest} bytes at most")
    try:
        asked = make(json.loads(content))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedRequest(f"not a request: {error!r:.200}") from None
    numbers, texts = (asked.at, asked.boottime), (asked.id, asked.by, asked.boot)
    if not all(type(each) in (int, float) for each in numbers) or not 0 <= asked.at < YEAR_2100:
        raise MalformedRequest("a request says when it was made")
    if not all(isinstance(each, str) for each in texts) or len(asked.boot) > LONGEST_BOOT:
        raise MalformedRequest("a request says who makes it, and in which boot")
    if not ID.match(asked.id):
        raise MalformedRequest("a request names itself")
    return asked


def waiting(folder: Path, largest: int, at_once: int, read: Callable[[bytes], R]) -> Iterator[R]:
    """What lies there under its own id, in no order; what is no request is left out.

    Args:
        largest: bytes that a request has; one byte more is read, so that a longer one shows.
        at_once: files read in one go.
        read: makes a request of a file's content, or raises `MalformedRequest`.
    """
    for name, content in _files(folder, largest, at_once):
        with suppress(MalformedRequest):
            asked = read(content)
            if asked.id == name:
                yield asked


def take_away(folder: Path, id: str) -> None:
    """Remove a request that was answered: by whom the folder belongs to."""
    with suppress(OSError):
        (folder / id).unlink()


def _files(folder: Path, largest: int, at_once: int) -> Iterator[tuple[str, bytes]]:
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


def _read(folder: int, name: str, largest: int) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            return file.read(largest + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError:
        return None
