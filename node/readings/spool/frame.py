"""One frame of the spool: the samples of a few seconds, in the fewest bytes that need no code of our own.

    "CWF1" ‖ spool (8) ‖ number (8) ‖ samples (2) ‖ length (4) ‖ CRC-32 of all before and the body (4) ‖ body

The body is zlib over JSON: each meter's columns as differences from row to row, which repeat and pack well
(some 15 bytes a sample). Numbers rise by one; the spool is a random number, another for each that was begun.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

from node.readings.chain import FIELDS
from node.readings.interface import Sample

HEAD = Struct(">4sQQHI")
CRC = Struct(">I")
LEAD = HEAD.size + CRC.size
MAGIC = b"CWF1"

BLOCK = 4_096
"""Bytes that a file system writes at least: a frame that fits into one is not laid across two."""

MOST_SAMPLES = 500
"""Of one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What was synced together."""

    spool: int
    number: int
    samples: tuple[Sample, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    """What else its writer wants to know again after a crash."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A frame as it stands in a file, checked but not unpacked."""

    spool: int
    number: int
    samples: int
    body: bytes
    end: int
    """Where it ends."""


def pack(frame: Frame) -> bytes:
    """As bytes."""
    columns = {meter: _columns(own) for meter, own in _by_meter(frame.samples).items()}
    text = json.dumps([columns, frame.state], separators=(",", ":")).encode()
    body = zlib.compress(text, 9)
    head = HEAD.pack(MAGIC, frame.spool, frame.number, len(frame.samples), len(body))
    return head + CRC.pack(zlib.crc32(body, zlib.crc32(head))) + body


def found(data: bytes, at: int) -> Packed | None:
    """The frame that begins there; None: none does, or it is not whole."""
    if at + LEAD > len(data):
        return None
    magic, spool, number, samples, length = HEAD.unpack_from(data, at)
    end = at + LEAD + length
    if magic != MAGIC or end > len(data):
        return None
    body = data[at + LEAD : end]
    (crc,) = CRC.unpack_from(data, at + HEAD.size)
    if crc != zlib.crc32(body, zlib.crc32(data[at : at + HEAD.size])):
        return None
    return Packed(spool, number, samples, body, end)


def frames(data: bytes) -> Iterator[Packed]:
    """The frames of a file, from its beginning to where they end: at a torn one, or at one of the past."""
    last = found(data, 0)
    while last is not None:
        yield last
        follows = (found(data, last.end), found(data, _next_block(last.end)))
        last = next((each for each in follows if each and _follows(last, each)), None)


def place(end: int, length: int) -> int:
    """Where a frame of so many bytes goes, after one that ends there."""
    across = end // BLOCK != (end + length - 1) // BLOCK
    return _next_block(end) if across and length <= BLOCK else end


def unpack(packed: Packed) -> Frame:
    """With its samples."""
    columns, state = json.loads(zlib.decompress(packed.body))
    samples = tuple(sample for meter, own in columns.items() for sample in _samples(meter, own))
    return Frame(spool=packed.spool, number=packed.number, samples=samples, state=state)


def _next_block(end: int) -> int:
    return -(-end // BLOCK) * BLOCK


def _follows(earlier: Packed, later: Packed) -> bool:
    return (earlier.spool, earlier.number + 1) == (later.spool, later.number)


def _by_meter(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.meter, []).append(sample)
    return found


def _columns(samples: Sequence[Sample]) -> dict[str, list[int | None]]:
    """Each quantity's changes; without what the meter does not measure."""
    columns = {name: [getattr(sample, name) for sample in samples] for name in ("taken", *FIELDS)}
    return {
        name: list(_changes(values))
        for name, values in columns.items()
        if any(value is not None for value in values)
    }


def _samples(meter: str, columns: Mapping[str, Sequence[int | None]]) -> Iterator[Sample]:
    values = {name: _values(changes) for name, changes in columns.items()}
    for row in zip(*values.values(), strict=True):
        yield Sample(meter=meter, **dict(zip(values, row, strict=True)))


def _changes(values: Iterable[int | None]) -> Iterator[int | None]:
    last = 0
    for value in values:
        yield None if value is None else value - last
        last = last if value is None else value


def _values(changes: Iterable[int | None]) -> Iterator[int | None]:
    last = 0
    for change in changes:
        last += change or 0
        yield None if change is None else last
