"""The spool's files: of one size, written through from their beginning, and used again once they are stored.

What stands behind the last frame of a file is of the past and has other numbers, so nothing has to be wiped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from node.readings.interface import Sample
from node.readings.spool.frame import LEAD, Frame, Packed, found, frames, unpack
from store.errors import Unopenable

FOLDER = "spool"
"""Beside the logger's own files."""

SEGMENT = 65_536
"""Bytes of a file: a quarter of an hour of five sensors each second."""

MOST_READ = 4
"""Newest files that a reader looks at, an hour of them: what waits longer is shown when it is stored."""

REMEMBERED = 128
"""Frames that a reader need not unpack again: twenty minutes of them."""


@dataclass(slots=True)
class Segment:
    """A file with frames."""

    path: Path
    spool: int
    first: int
    """Number of its first frame."""

    last: int
    samples: int
    end: int
    """Where its last frame ends."""


def beside(file: Path) -> Path:
    """The spool's folder: in that of the logger's own file, to which a link may lead."""
    return file.resolve().with_name(FOLDER)


def files(folder: Path) -> list[Path]:
    """All files of the spool, in any order.

    Raises:
        OSError: the folder cannot be read.
    """
    return [path for path in folder.iterdir() if path.suffix == ".seg"] if folder.is_dir() else []


def segment(path: Path) -> Segment | None:
    """What a file holds; None: no frame.

    Raises:
        OSError: it cannot be read.
    """
    whole: Segment | None = None
    for packed in frames(path.read_bytes()):
        if whole is None:
            whole = Segment(path, packed.spool, packed.number, packed.number, 0, 0)
        whole.last, whole.end = packed.number, packed.end
        whole.samples += packed.samples
    return whole


def stored_in(path: Path, after: int) -> Iterator[Packed]:
    """The frames of a file that follow a number.

    Raises:
        OSError: it cannot be read.
    """
    return (packed for packed in frames(path.read_bytes()) if packed.number > after)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The newest of what was in the spool at one moment, stored or not."""

    frames: tuple[Packed, ...] = ()

    def after(self, number: int) -> list[Sample]:
        """The samples of the frames that follow a number, in the order in which they were synced."""
        fresh = (_unpacked(packed) for packed in self.frames if packed.number > number)
        return [sample for frame in fresh for sample in frame.samples]

    @property
    def spool(self) -> int | None:
        """Whose numbers they are; None: there are none."""
        return self.frames[-1].spool if self.frames else None


def waiting(folder: Path) -> Waiting:
    """Read the newest files of a spool, beside the logger that writes it.

    Raises:
        Unopenable: it cannot be read.
    """
    try:
        begun = [(packed, path) for path in files(folder) if (packed := _first(path)) is not None]
        spool = max(begun, key=lambda each: each[0].number)[0].spool if begun else None
        own = sorted((packed.number, path) for packed, path in begun if packed.spool == spool)
        newest = [packed for _, path in own[-MOST_READ:] for packed in frames(path.read_bytes())]
    except OSError as error:
        raise Unopenable(f"cannot read the spool {folder}: {error.strerror}") from error
    return Waiting(tuple(packed for packed in newest if packed.spool == spool))


@lru_cache(maxsize=REMEMBERED)
def _unpacked(packed: Packed) -> Frame:
    return unpack(packed)


def _first(path: Path) -> Packed | None:
    """The first frame of a file."""
    with path.open("rb") as file:
        lead = file.read(LEAD)
        length = int.from_bytes(lead[-8:-4], "big") if len(lead) == LEAD else 0
        return found(lead + file.read(length), 0)
