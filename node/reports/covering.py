"""What a report says about an interval, computed from the readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from node.readings import Readings, chain
from node.readings.chain import Span
from node.readings.errors import NotProvable
from quantities import Energy

PAGE = 1_000
"""Batches read at a time: memory stays small however long an interval is."""


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One interval as it is reported."""

    span: Span
    root: bytes
    produced: Energy
    consumed: Energy


def covered(
    readings: Readings, start: int, end: int, after: int, *, panels: Iterable[str], loads: Iterable[str]
) -> Covered:
    """What there is to report about an interval that has ended.

    It covers the batches that follow number `after`, up to the newest without a sample of a later time: what
    comes late (a store that was away, a clock that stepped back) is covered by the next report.

    Args:
        start: Unix seconds.
        end: Unix seconds, exclusive.
        after: number of the last batch that an earlier report covers; 0: none does.
        panels: meters whose forward register is what the household makes.
        loads: meters whose forward register is what it draws.

    Raises:
        StoreError: the readings cannot be read.
        NotProvable: the chain of readings ends before `after`: they are not those that were reported.
    """
    newest = readings.newest(before=end * 1_000)
    last = after if newest is None else max(newest.number, after)
    span = Span(start=start, end=end, first=after + 1, batches=last - after, before=before(readings, after))
    return Covered(
        span=span,
        root=rooted(readings, span),
        produced=counted(readings, panels, start, end),
        consumed=counted(readings, loads, start, end),
    )


def rooted(readings: Readings, span: Span) -> bytes:
    """The root of what a span covers, by the readings as they are now.

    Raises:
        StoreError: the readings cannot be read.
    """
    return chain.root(span, digests(readings, span))


def digests(readings: Readings, span: Span) -> Iterator[bytes]:
    """The digests of the batches that a span covers, each recomputed from its content."""
    after, previous = span.first - 1, span.before
    while after < span.last:
        page = readings.links(after, min(PAGE, span.last - after))
        if not page:
            return
        for batch in page:
            previous = chain.digest(batch, previous)
            yield previous
        after = page[-1].number


def before(readings: Readings, after: int) -> bytes:
    """The digest of a batch; of number 0: what the chain begins with.

    Raises:
        StoreError: the readings cannot be read.
        NotProvable: there is no such batch.
    """
    if after == 0:
        return chain.GENESIS
    found = readings.links(after - 1, 1)
    if not found or found[0].number != after:
        raise NotProvable(f"the readings have no batch {after}, which was reported: were they replaced?")
    return found[0].digest


def counted(readings: Readings, meters: Iterable[str], start: int, end: int) -> Energy:
    """The energy that several meters counted forward."""
    flows = [readings.energy(meter, start * 1_000, end * 1_000) for meter in meters]
    return Energy(sum(flow.forward for flow in flows if flow is not None))
