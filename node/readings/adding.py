"""What single samples add to charts, rollups and energies that were made without them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from node.readings.interface import Flow, Level, Point, Rollup, Sample, Value


def point(at: int, values: Sequence[Value]) -> Point:
    """A point of a chart, of at least one value."""
    each = [one.value for one in values]
    return Point(at, min(each), round(sum(each) / len(each)), max(each))


def charted(at: int, stored: Iterable[Rollup], own: Sequence[Value]) -> Point:
    """A point of a chart out of rollups and of at least one value."""
    powers = [one.value for one in own]
    lowest, highest, total, count = min(powers), max(powers), sum(powers), len(powers)
    for bucket in stored:
        if bucket.lowest is None or bucket.mean is None or bucket.highest is None:
            continue
        lowest, highest = min(lowest, bucket.lowest), max(highest, bucket.highest)
        total, count = total + bucket.mean * bucket.samples, count + bucket.samples
    return Point(at, lowest, round(total / count), highest)


def rollups(
    stored: Iterable[Rollup], own: Sequence[Sample], level: Level, before: Sample | None
) -> list[Rollup]:
    """Buckets with some more samples in them.

    Args:
        own: in the order of time.
        before: the sample before them, from whose registers they count.
    """
    found = {bucket.at: bucket for bucket in stored}
    forward, reverse = (None, None) if before is None else (before.forward, before.reverse)
    for at, together in groupby(own, lambda each: each.taken // level * level):
        samples = list(together)
        added, forward = _went(forward, [each.forward for each in samples])
        returned, reverse = _went(reverse, [each.reverse for each in samples])
        powers = [each.power for each in samples if each.power is not None]
        bucket = found.get(at) or Rollup(
            at=at, forward=0, reverse=0, lowest=None, mean=None, highest=None, samples=0
        )
        bucket = replace(
            bucket,
            forward=bucket.forward + added,
            reverse=bucket.reverse + returned,
            samples=bucket.samples + len(samples),
        )
        if powers:
            seen = charted(at, [found[at]] if at in found else [], [Value(at, power) for power in powers])
            bucket = replace(bucket, lowest=seen.lowest, mean=seen.mean, highest=seen.highest)
        found[at] = bucket
    return [found[at] for at in sorted(found)]


def energy(
    stored: Flow | None, base: Sample | None, own: Sequence[Sample], start: int, end: int
) -> Flow | None:
    """What registers counted, with samples that are newer than what is stored.

    Args:
        stored: what they counted without these.
        base: the newest stored sample by the end.
        own: in the order of time.
        start: Unix ms.
        end: Unix ms.
    """
    shown = [
        (each.taken, each.forward, each.reverse)
        for each in own
        if each.taken <= end and each.forward is not None and each.reverse is not None
    ]
    if not shown or (base is not None and base.taken > shown[-1][0]):
        return stored
    _, forward, reverse = shown[-1]
    by_start = [each for each in shown if each[0] <= start]
    if by_start and (base is None or base.taken <= by_start[-1][0]):
        return Flow(max(forward - by_start[-1][1], 0), max(reverse - by_start[-1][2], 0))
    if stored is None or base is None:
        return Flow(max(forward - shown[0][1], 0), max(reverse - shown[0][2], 0))
    counted = Flow(
        forward if base.forward is None else base.forward, reverse if base.reverse is None else base.reverse
    )
    return Flow(
        stored.forward + max(forward - counted.forward, 0), stored.reverse + max(reverse - counted.reverse, 0)
    )


def _went(before: int | None, registers: Iterable[int | None]) -> tuple[int, int | None]:
    """What a register counted from before the first of these, and what it shows at the last."""
    shown = [each for each in registers if each is not None]
    if not shown:
        return 0, before
    began = shown[0] if before is None else before
    return max(shown[-1] - began, 0), shown[-1]
