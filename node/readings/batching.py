"""Which samples are stored together: those of one slot of time, on a grid that begins at midnight UTC. Pure.

So no batch lies across the end of an interval that is reported, and what a report covers is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from node.readings.interface import Sample
from node.readings.spool.frame import Frame

MOST_SAMPLES = 5_000
"""Of one batch: a store that comes back after days takes them in pieces."""

AFTER = 1.2
"""Times the time between two syncs, after the end of a slot: by then its last samples are in the spool."""


def slot(taken: int, length: float) -> int:
    """The slot of a moment.

    Args:
        taken: Unix ms.
        length: of a slot, s.
    """
    return taken // max(round(length * 1_000), 1)


def cut(samples: Iterable[Sample], length: float) -> Iterator[Sequence[Sample]]:
    """Samples by their slots; in one, they stay in their order."""

    def own(sample: Sample) -> int:
        return slot(sample.taken, length)

    for _, together in groupby(sorted(samples, key=own), own):
        yield list(together)


def batches(frames: Iterable[Frame], length: float, now: int | None) -> Iterator[tuple[int, list[Sample]]]:
    """What is to be stored, each with the number of the last frame in it.

    Args:
        frames: in their order, each of one slot.
        length: of a slot, s.
        now: Unix ms, whose slot still fills up and is left out; None: nothing is.
    """
    filling = None if now is None else slot(now, length)
    for which, together in groupby(frames, lambda frame: _slot(frame, length)):
        if which is not None and which == filling:
            return
        samples: list[Sample] = []
        number = 0
        for frame in together:
            if samples and len(samples) + len(frame.samples) > MOST_SAMPLES:
                yield number, samples
                samples = []
            samples.extend(frame.samples)
            number = frame.number
        if samples:
            yield number, samples


def until_next(now: int, length: float, sync: float) -> float:
    """Seconds until a slot has ended and its samples are in the spool.

    Args:
        now: Unix ms.
        length: of a slot, s.
        sync: seconds between two syncs of the spool.
    """
    whole = max(round(length * 1_000), 1)
    return (whole - now % whole) / 1_000 + AFTER * sync


def _slot(frame: Frame, length: float) -> int | None:
    return slot(frame.samples[0].taken, length) if frame.samples else None
