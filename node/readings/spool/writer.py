"""The logger's side of the spool: appends frames, hands them out until they are stored, and uses files again.

In the long run it writes into the same two files, one block each time: no file grows or appears, so the file
system has nothing to note down beside it. While the store is away it takes more files, up to its bound; then
the oldest go, which is counted and told.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from threading import Lock
from typing import Any

from chain.files import sync_folder
from node.readings.interface import Sample
from node.readings.spool.frame import MOST_SAMPLES, Frame, frames, pack, place, unpack
from node.readings.spool.segments import SEGMENT, Segment, files, segment, stored_in
from store.errors import Unwritable

KEPT_FREE = 1
"""Files without anything to store that stay, to be used next."""

FEWEST = 3
"""Files that a spool has in any case: one that is written, one that is stored, one between."""

MODE, FOLDER_MODE = 0o640, 0o750


class Spool:
    """See above. Its calls may come from several threads."""

    def __init__(self, folder: Path, most: int) -> None:
        """Take up what is there. What was torn by a crash is cut.

        Args:
            most: bytes that it may take on the disk.

        Raises:
            Unwritable: the folder cannot be made, read or written.
        """
        self._folder = folder
        self._most = max(most // SEGMENT, FEWEST)
        self._lock = Lock()
        self._stored = 0
        try:
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            found = [(path, segment(path)) for path in files(folder)]
        except OSError as error:
            raise _unwritable(folder, error) from error
        held = sorted((one for _, one in found if one is not None), key=lambda one: one.last)
        self.id = held[-1].spool if held else secrets.randbits(63)
        self._held = [one for one in held if one.spool == self.id]
        self._free = [path for path, one in found if one is None or one.spool != self.id]
        self._number = self._held[-1].last if self._held else 0
        self.state: Mapping[str, Any] = self._last_state()

    @property
    def number(self) -> int:
        """Of the last frame."""
        return self._number

    @property
    def waiting(self) -> int:
        """Samples that are to be stored; with them those of files of which only a part is stored."""
        with self._lock:
            return sum(one.samples for one in self._held if one.last > self._stored)

    @property
    def unstored(self) -> Iterator[Frame]:
        """The frames that are to be stored, oldest first.

        Raises:
            Unwritable: the files cannot be read.
        """
        return self.frames(self._stored)

    def append(self, samples: Sequence[Sample], state: Mapping[str, Any]) -> int:
        """Keep samples and state over a power cut.

        Returns:
            How many of the oldest samples had to go for them.

        Raises:
            Unwritable: the disk is full or broken. A frame may be kept or not.
        """
        gone = 0
        with self._lock:
            try:
                for at in range(0, max(len(samples), 1), MOST_SAMPLES):
                    part = tuple(samples[at : at + MOST_SAMPLES])
                    frame = Frame(spool=self.id, number=self._number + 1, samples=part, state=state)
                    gone += self._write(pack(frame), len(part))
            except OSError as error:
                raise _unwritable(self._folder, error) from error
            self.state = state
        return gone

    def frames(self, after: int) -> Iterator[Frame]:
        """What follows frame number `after`, oldest first.

        Raises:
            Unwritable: the files cannot be read.
        """
        with self._lock:
            held = [one.path for one in self._held if one.last > after]
        for path in held:
            try:
                found = list(stored_in(path, after))
            except OSError as error:
                raise _unwritable(path, error) from error
            for packed in found:
                if packed.spool == self.id and packed.number > after:
                    after = packed.number
                    yield unpack(packed)

    def forget(self, number: int) -> None:
        """Everything up to this frame is stored: its files may be used again."""
        with self._lock:
            self._stored = max(self._stored, number)
            done = [one for one in self._held[:-1] if one.last <= self._stored]
            self._held = self._held[len(done) :]
            self._free += [one.path for one in done]
            while len(self._free) > KEPT_FREE:
                with suppress(OSError):
                    self._free.pop().unlink()

    def _last_state(self) -> Mapping[str, Any]:
        if not self._held:
            return {}
        *_, last = frames(self._held[-1].path.read_bytes())
        return unpack(last).state

    def _write(self, packed: bytes, samples: int) -> int:
        """Write and sync one frame; says how many samples went for it."""
        gone = 0
        current = self._held[-1] if self._held else None
        end = SEGMENT if current is None else place(current.end, len(packed))
        if current is None or end + len(packed) > SEGMENT:
            path, gone = self._another()
            current, end = Segment(path, self.id, self._number + 1, self._number, 0, 0), 0
            try:
                _put(path, packed, 0)
            except OSError:
                self._free.append(path)
                raise
            self._held.append(current)
        else:
            _put(current.path, packed, end)
        self._number += 1
        current.last, current.end = self._number, end + len(packed)
        current.samples += samples
        return gone

    def _another(self) -> tuple[Path, int]:
        """A file to write from its beginning: one that is free, a new one, or that of the oldest samples."""
        if self._free:
            return self._free.pop(), 0
        if len(self._held) < self._most:
            return self._made(), 0
        oldest = self._held.pop(0)
        lost = sum(packed.samples for packed in stored_in(oldest.path, self._stored))
        return oldest.path, lost

    def _made(self) -> Path:
        """A new file, all of whose blocks are written: to write them again changes nothing but them."""
        taken = {path.stem for path in files(self._folder)}
        number = next(n for n in range(len(taken) + 1) if f"{n:05}" not in taken)
        path = self._folder / f"{number:05}.seg"
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE)
        try:
            _whole(os.write(descriptor, bytes(SEGMENT)), SEGMENT)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        sync_folder(self._folder)
        return path


def _put(path: Path, packed: bytes, at: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _whole(os.pwrite(descriptor, packed, at), len(packed))
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _whole(written: int, length: int) -> None:
    if written != length:
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def _unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(f"cannot keep samples in {path}: {error.strerror}; check the disk and its owner")
