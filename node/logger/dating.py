"""Which time a sample gets when the clock was not set yet: a Pi without a battery boots into 1970. Pure.

Until the clock is set, a sample's time is what the host has been up. Its frame waits in the spool until then,
and is dated exactly. Where that boot has ended without a time, nobody knows it any more: its samples then
follow the last one before them, which is the earliest that they can be, and the right order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from node.readings.spool import Frame

SET = 1_577_836_800.0
"""Unix seconds of 2020: a clock that shows less was not set."""

SET_MS = round(SET * 1_000)


@dataclass(frozen=True, slots=True)
class Boot:
    """This boot of the host."""

    id: str
    ahead: int | None
    """Milliseconds by which Unix time is ahead of the time up; None while the clock is not set."""


def taken(at: float, wall: float, up: float) -> int:
    """A sample's time in ms: of Unix, or of the time up while the clock is not set.

    Args:
        at: when it was measured, in seconds up.
        wall: what the clock shows now, Unix seconds.
        up: now, in seconds up.
    """
    return round((wall - (up - at) if wall >= SET else at) * 1_000)


def ahead(wall: float, up: float) -> int | None:
    """See `Boot.ahead`."""
    return round((wall - up) * 1_000) if wall >= SET else None


def dated(frames: Iterable[Frame], boot: Boot, before: int) -> Iterator[Frame]:
    """Frames with their samples' Unix times, up to the first that has to wait for the clock.

    Args:
        frames: in their order; each of samples with a time or of samples without.
        before: Unix ms of the last sample before them.
    """
    since: tuple[object, int] | None = None
    for frame in frames:
        if not frame.samples or frame.samples[0].taken >= SET_MS:
            since = None
            dated = frame
        elif (which := frame.state.get("boot")) == boot.id:
            if boot.ahead is None:
                return
            dated = _moved(frame, boot.ahead)
        else:
            if since is None or since[0] != which:
                since = which, before + 1 - min(sample.taken for sample in frame.samples)
            dated = _moved(frame, since[1])
        before = max((sample.taken for sample in dated.samples), default=before)
        yield dated


def _moved(frame: Frame, by: int) -> Frame:
    samples = tuple(replace(sample, taken=sample.taken + by) for sample in frame.samples)
    return replace(frame, samples=samples)
