"""What the stored readings of one meter say about a span of time, and whether they can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from node.readings import Batch, Readings, Sample
from node.readings.checking import kept, wrong
from node.reconciliation.records import Cause, Counted, Finding

MARGIN = 60_000
"""ms before and after a supply in which there has to be a reading, and the longest gap within."""

PAGE = 200


def settled(sample: float) -> int:
    """Milliseconds after a contact opened until a sample shows all that passed."""
    return round((sample + 1) * 1_000)


def counted(
    readings: Readings, meter: str, start: float, end: float, *, sample: float, kept_since: int
) -> Counted:
    """The energy that a meter counted forward, from readings with its contact open at both ends.

    Args:
        start: Unix seconds, before anything flowed.
        end: Unix seconds, after everything has.
        sample: seconds between two samples.
        kept_since: Unix ms since which no samples can have been deleted by age.

    Raises:
        StoreError: the readings cannot be read.
    """
    first, last = round(start * 1_000), round(end * 1_000) + settled(sample)
    batches = readings.batches(first - MARGIN, last + MARGIN)
    pages = [(batch, kept(batch, own, kept_since)) for batch, own in _pages(readings, batches)]
    problems = list(_broken(readings, pages, kept_since))
    own = [s for _, samples in pages for s in samples if s.meter == meter and s.forward is not None]
    if not own and pages and not problems and all(not samples for _, samples in pages):
        return Counted(meter=meter, energy=None)  # deleted by age
    problems += _falls(meter, own)
    own.sort(key=lambda s: s.taken)
    before = next((s for s in reversed(own) if s.taken <= first), None)
    after = next((s for s in own if s.taken >= last), None)
    inside = [s.taken for s in own if before and after and before.taken <= s.taken <= after.taken]
    gaps = [later - earlier for earlier, later in pairwise(inside)]
    if before is None or after is None:
        where = "before it" if before is None else "after it"
        problems.append(Finding(cause=Cause.MISSING, text=f"The meter {meter} has no reading {where}."))
    elif max(gaps, default=0) > MARGIN:
        text = f"The meter {meter} has no readings for {max(gaps) // 1_000} s of it."
        problems.append(Finding(cause=Cause.MISSING, text=text))
    energy = None
    if before is not None and after is not None:
        energy = max((after.forward or 0) - (before.forward or 0), 0)
    return Counted(
        meter=meter,
        energy=energy,
        before=None if before is None else before.taken,
        after=None if after is None else after.taken,
        problems=tuple(problems),
    )


def _pages(readings: Readings, batches: Sequence[Batch]) -> Iterator[tuple[Batch, list[Sample]]]:
    if not batches:
        return
    after, last = batches[0].number - 1, batches[-1].number
    while after < last:
        page = readings.pages(after, min(PAGE, last - after))
        if not page:
            return
        yield from page
        after = page[-1][0].number


def _broken(
    readings: Readings, pages: Sequence[tuple[Batch, list[Sample]]], kept_since: int
) -> Iterator[Finding]:
    """Whether these batches are links of the chain; the first that is not."""
    if not pages:
        return
    number = pages[0][0].number
    known = readings.links(number - 2, 1) if number > 1 else []
    previous = known[0] if known else None
    for batch, own in pages:
        why = wrong(previous, batch, own, kept_since)
        if why:
            text = f"The chain of the readings is broken at batch {batch.number}: {why}."
            yield Finding(cause=Cause.TAMPERING, text=text)
            return
        previous = batch


def _falls(meter: str, own: Sequence[Sample]) -> Iterator[Finding]:
    """A register never falls, in the order in which it was stored."""
    for earlier, later in pairwise(own):
        if (later.forward or 0) < (earlier.forward or 0) and later.taken > earlier.taken:
            text = f"The register of {meter} falls from {earlier.forward} to {later.forward} mWh."
            yield Finding(cause=Cause.TAMPERING, text=text)
            return
