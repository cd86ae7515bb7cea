"""What a disk would hold if the power had been cut at any of a process's writes.

`recorder.c`, preloaded, notes every write, truncation, sync and removal in one folder, in order. Replayed
up to one of them, they give the folder as a killed process leaves it; without what was not synced, as a power
cut may leave it.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

SOURCE = Path(__file__).with_name("recorder.c")
HEAD = struct.Struct("<cQQQ")
Files: TypeAlias = dict[str, bytearray]
SECTOR = 512
"""Bytes that a disk writes as a whole; torn writes end at such a boundary, or within one on cheap cards."""


@dataclass(frozen=True)
class Request:
    """One thing that was asked of the disk."""

    kind: str
    """w write, t truncate, s sync, u unlink."""
    offset: int
    """Of a write; the new length of a truncation."""
    name: str
    data: bytes


FOLDER = "."
"""The name under which a sync of the folder itself is noted: it makes new names and removals durable."""


@dataclass
class Disk:
    """Files by a number of their own, since a name may be removed and given again."""

    names: dict[str, int] = field(default_factory=dict)
    cached: dict[int, bytearray] = field(default_factory=dict)
    safe_names: dict[str, int] = field(default_factory=dict)
    safe: dict[int, bytearray] = field(default_factory=dict)
    waiting: list[tuple[int, Request]] = field(default_factory=list)
    """What was written since the last sync of its file."""

    def take(self, request: Request) -> None:
        if request.kind == "s" and request.name == FOLDER:
            self.safe_names = dict(self.names)
        elif request.kind == "s":
            self._sync(self.names[request.name])
        elif request.kind == "u":
            self.names.pop(request.name, None)
        else:
            file = self.names.setdefault(request.name, len(self.cached))
            apply(self.cached.setdefault(file, bytearray()), request)
            self.waiting.append((file, request))

    def killed(self) -> Files:
        """The folder after SIGKILL: whatever was asked."""
        return {name: bytearray(self.cached[file]) for name, file in self.names.items()}

    def lost(self) -> Files:
        """The folder after a power cut that took everything that was not synced."""
        return {name: bytearray(self.safe.get(file, b"")) for name, file in self.safe_names.items()}

    def mixed(self, chance: Random) -> Files:
        """After one that took some of it: a disk writes in any order what no sync has divided."""
        names = self.safe_names | self.names if chance.random() < 0.5 else self.safe_names
        contents = {file: bytearray(self.safe.get(file, b"")) for file in names.values()}
        for file, request in self.waiting:
            if file in contents and chance.random() < 0.5:
                apply(contents[file], request)
        return {name: contents[file] for name, file in names.items()}

    def _sync(self, file: int) -> None:
        for waits, request in self.waiting:
            if waits == file:
                apply(self.safe.setdefault(file, bytearray()), request)
        self.waiting = [(waits, request) for waits, request in self.waiting if waits != file]


def apply(content: bytearray, request: Request, size: int | None = None) -> None:
    """Write or truncate; of a write the first `size` bytes only."""
    if request.kind == "t":
        del content[request.offset :]
    content.extend(bytes(max(request.offset - len(content), 0)))
    if request.kind == "w":
        data = request.data[:size]
        content[request.offset : request.offset + len(data)] = data


def recorded(folder: Path, *command: str) -> list[Request]:
    """Run a Python module on `folder/disk`, and answer what it asked of it."""
    library, record, under = folder / "recorder.so", folder / "record", folder / "disk"
    under.mkdir()
    options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *options, str(SOURCE), "-ldl", "-lpthread", "-o", str(library)], check=True)
    watched = {"LD_PRELOAD": str(library), "RECORD_UNDER": str(under), "RECORD_TO": str(record)}
    subprocess.run(
        [sys.executable, "-m", *command, str(under)], check=True, env={**os.environ, **watched}, timeout=300
    )
    return list(_read(record.read_bytes()))


def cut(requests: Sequence[Request], chance: Random) -> Iterator[tuple[int, str, Files]]:
    """After each request: how many were taken, what happened to the rest, and the files.

    Killed: everything that was asked is there. Torn: of the last write the first part only. Lost: nothing
    that was not synced. Mixed: some of that, in any combination, as a disk is free to write it.
    """
    disk = Disk()
    yield 0, "killed", {}
    for number, request in enumerate(requests, start=1):
        if request.kind == "w" and len(request.data) > 1:
            size = chance.choice([1, len(request.data) // 2, len(request.data) // SECTOR * SECTOR])
            torn = disk.killed()
            apply(torn.setdefault(request.name, bytearray()), request, size)
            yield number - 1, "torn", torn
        disk.take(request)
        yield number, "killed", disk.killed()
        if disk.waiting or disk.names != disk.safe_names:
            yield number, "lost", disk.lost()
            yield number, "mixed", disk.mixed(chance)


def write(folder: Path, files: Files) -> None:
    """Lay files into an empty folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _read(record: bytes) -> Iterator[Request]:
    at = 0
    while at < len(record):
        kind, offset, named, length = HEAD.unpack_from(record, at)
        name_at = at + HEAD.size
        data_at = name_at + named
        at = data_at + length
        yield Request(kind.decode(), offset, record[name_at:data_at].decode(), record[data_at:at])
