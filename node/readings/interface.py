"""What readings are, and what any store of them offers. Times are Unix milliseconds throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, Self

from node.sensors.driver import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one meter measured at one moment; None where it does not measure that."""

    meter: str
    taken: int
    """Unix ms."""

    voltage: int | None = None
    """mV."""

    current: int | None = None
    """mA, forward positive."""

    power: int | None = None
    """mW, forward positive."""

    forward: int | None = None
    """mWh, the published register: it never falls."""

    reverse: int | None = None
    """mWh, likewise."""

    soc: int | None = None
    """Hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a chart: what happened in one slice of time."""

    at: int
    """Unix ms at which the slice begins."""

    lowest: int
    mean: int
    highest: int


@dataclass(frozen=True, slots=True)
class Flow:
    """The energies that a meter counted over a span of time, in mWh."""

    forward: int
    reverse: int


class Level(IntEnum):
    """How long the buckets of a rollup are, in ms. Days are those of UTC, as in the reports."""

    MINUTE = 60_000
    QUARTER = 900_000
    HOUR = 3_600_000
    DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """What one meter did in one bucket of time. Energies of neighbouring buckets add up, with no gap."""

    at: int
    """Unix ms at which it begins."""

    forward: int
    """mWh."""

    reverse: int
    """mWh."""

    lowest: int | None
    """mW; None where the meter measured no power."""

    mean: int | None
    highest: int | None
    samples: int


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value."""

    taken: int
    """Unix ms."""

    value: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A link of the hash chain: the samples stored together."""

    number: int
    first: int
    """Unix ms of its earliest sample."""

    last: int
    """Unix ms of its latest."""

    samples: int
    content: bytes
    """Merkle root of the samples, see `node.readings.chain`."""

    digest: bytes
    """SHA-256 that binds the content to every batch before it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a spool is stored."""

    spool: int
    number: int
    """Of its last frame that is."""


STEP_ROWS = 1_000
"""Deleted in one step: whoever stores meanwhile waits for no more than these."""


class Readings(Protocol):
    """A store of samples. Every method may raise `store.errors.StoreError`."""

    def append(self, samples: Sequence[Sample], mark: Mark | None = None) -> None:
        """Store one batch, all of it or nothing, as the next link of the hash chain.

        Storing the newest batch once more does nothing, nor does what is stored by its mark: a batch whose
        fate is unknown may be repeated.

        Args:
            mark: of the spool that the batch is from, kept together with it.
        """

    def marked(self, spool: int) -> int:
        """The number of the last frame of a spool that is stored; 0: none is."""

    def between(self, meter: str, quantity: Quantity, start: int, end: int, points: int) -> list[Point]:
        """A chart of one quantity in [start, end), in at most `points` (≥ 2) slices of equal length.

        Slices without a sample are left out. Their limits are multiples of their length, so that a chart
        which moves on with time does not flicker.
        """

    def points(self, meter: str, quantity: Quantity, start: int, end: int, limit: int) -> list[Value]:
        """What was measured in [start, end), as it was and in the order of time: the first `limit` of it."""

    def rollup(self, meter: str, level: Level, start: int, end: int) -> list[Rollup]:
        """The buckets that begin in [start, end), the one that still fills up included; none where there
        was no sample."""

    def chart(self, meter: str, start: int, end: int, points: int) -> list[Point]:
        """A chart of the power, as `between`, however long the span: made of rollups where they are as fine
        as its slices, which then are whole buckets."""

    def latest(self) -> dict[str, Sample]:
        """The newest sample of every meter."""

    def meters(self) -> list[str]:
        """The names of all meters that there are samples of, in their order."""

    def energy(self, meter: str, start: int, end: int) -> Flow | None:
        """What the meter's registers counted from `start` to `end`; None when it has no sample by then.

        Where the samples were deleted by age it is right to the minute, or as rollups are kept.
        """

    def counted(self, meter: str, moments: Sequence[int]) -> list[Flow | None]:
        """What was counted between each two of these moments, in their order: as `energy`, in one look."""

    def spots(self, meter: str, moments: Sequence[int]) -> list[Sample | None]:
        """The meter's newest sample at or before each moment, in one look: a chart of any span, unsummed."""

    def batches(self, start: int, end: int) -> list[Batch]:
        """The batches with samples in [start, end), in their order."""

    def links(self, after: int, count: int) -> list[Batch]:
        """The `count` batches that follow number `after`."""

    def pages(self, after: int, count: int) -> list[tuple[Batch, list[Sample]]]:
        """The same, each with its samples in canonical order; none where they were deleted by age."""

    def newest(self, before: int | None = None) -> Batch | None:
        """The batch with the highest number; with `before`, of those whose last sample is older than this."""

    def sample_at(self, meter: str, moment: int) -> tuple[Sample, int] | None:
        """The meter's newest sample at or before a moment, and the number of its batch."""

    def stored(self, last: int) -> int:
        """How many samples there are in batches up to a number, or in none, wherever their times lie."""

    def prune(self, before: int) -> int:
        """Delete samples that are older than this, of batches that are, at most `STEP_ROWS`; the chain itself
        stays. Says how many it were: none, when there are none left."""

    def thin(self, level: Level, before: int) -> int:
        """Likewise the rollups of a level that begin earlier, once what is coarser is made of them."""

    def close(self) -> None:
        """Let go of the store."""

    def __enter__(self) -> Self:
        """For `with`: closes at the end."""

    def __exit__(self, *exception: object) -> None:
        """Close."""


def rolled(length: int) -> Level | None:
    """The coarsest rollups of which slices of this length (ms) are made; None: only samples are as fine.

    Those that divide it, or else as fine ones: slices then become whole buckets, so hours only where that
    makes them a quarter longer at most.
    """
    exact = [level for level in Level if length % level == 0]
    fine = [level for level in Level if (4 * level if level is Level.HOUR else level) <= length]
    return max(exact or fine, default=None)


def slices(start: int, end: int, points: int) -> tuple[int, int]:
    """Where the first slice of a chart begins, and how long each is (ms).

    Raises:
        ValueError: the span is empty, or fewer than two points are asked for.
    """
    if end <= start or points < 2:
        raise ValueError(f"a chart needs a span and two points: {start} to {end}, {points} points")
    length = -(-(end - start) // (points - 1))
    return start // length * length, length
