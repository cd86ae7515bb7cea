"""Copies readings from one store to another while they are written: as they are, with their chain, verified.

Batches are copied in their order, each checked on its way; what is there already is not copied again. So a
copy that was killed goes on where it was, and one that is repeated takes what has come in since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.readings.checking import Checked, wrong
from node.readings.errors import NotCopied
from node.readings.interface import Batch, Level, Mark, Sample

if TYPE_CHECKING:
    from node.readings.postgres import PostgresReadings
    from node.readings.sqlite import SqliteReadings

    Store = SqliteReadings | PostgresReadings

PAGE = 200
"""Batches in one look and one transaction."""

BUCKETS = 5_000


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What is in the copy."""

    batches: int
    samples: int
    """That were copied this time."""

    rollups: int
    digest: bytes
    """Of its newest batch."""


def copy(
    source: Store, target: Store, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Copied:
    """Bring the target up to the source.

    Args:
        progress: told the number of the last batch that is copied, and of the source's newest.

    Raises:
        StoreError: one of them cannot be read or written; repeat it then.
        NotCopied: the target holds other readings, or the source's are not as they were written.
    """
    previous = target.newest()
    if previous is not None and source.links(previous.number - 1, 1) != [previous]:
        raise NotCopied(
            "the target holds other readings than these: name an empty one, or one that was begun with them"
        )
    last, marks = _now(source)
    samples = 0
    while page := _page(source, previous, last):
        whole = [(batch, _whole(batch, own)) for batch, own in page]
        for batch, own in whole:
            why = wrong(previous, batch, own, None)
            if why:
                raise NotCopied(f"batch {batch.number} does not fit: {why}; see `commonwatt readings check`")
            previous = batch
        target.adopt(whole)
        samples += sum(len(own) for _, own in whole)
        progress(whole[-1][0].number, last)
    if previous is not None and previous.number == last:
        target.adopt_marks(marks)
    rollups = sum(_rollups(source, target, meter, level) for meter in source.meters() for level in Level)
    if previous is None:
        return Copied(batches=0, samples=0, rollups=rollups, digest=b"")
    return Copied(batches=previous.number, samples=samples, rollups=rollups, digest=previous.digest)


def _now(source: Store) -> tuple[int, list[Mark]]:
    """The number of the newest batch, and the marks that belong to it: each batch moves one."""
    while True:
        marks, newest = source.marks(), source.newest()
        if source.marks() == marks:
            return (0 if newest is None else newest.number), marks


def _page(source: Store, previous: Batch | None, last: int) -> list[tuple[Batch, list[Sample]]]:
    after = 0 if previous is None else previous.number
    return source.pages(after, min(PAGE, last - after)) if after < last else []


def compare(source: Store, target: Store, found: Checked, copied: Copied) -> None:
    """Hold the target against the source, after it was checked by itself.

    Raises:
        StoreError: one of them cannot be read.
        NotCopied: they differ.
    """
    if not found.intact or found.batches != copied.batches or found.digest != copied.digest:
        raise NotCopied(
            f"the copy does not fit at batch {found.broken or found.batches}: empty it, and repeat"
        )
    for meter in source.meters():
        for level in Level:
            after = -(2**62)
            while ours := target.kept(meter, level, after, BUCKETS):
                theirs = source.kept(meter, level, after, len(ours))
                last = next((a.at for a, b in zip(ours, theirs, strict=False) if a != b), None)
                if last is not None:
                    raise NotCopied(f"the rollups of {meter} differ at {last}, a sample came late: repeat it")
                after = ours[-1].at


def _rollups(source: Store, target: Store, meter: str, level: Level) -> int:
    count, after = 0, -(2**62)
    while buckets := source.kept(meter, level, after, BUCKETS):
        target.adopt_rollups(meter, level, buckets)
        count, after = count + len(buckets), buckets[-1].at
    return count


def _whole(batch: Batch, own: list[Sample]) -> list[Sample]:
    """The samples of a batch; none of one that is being deleted by age."""
    return own if len(own) >= batch.samples else []
