"""Makes the proof of a reading from the readings and the report that covers it."""

from __future__ import annotations

from node.readings import Batch, Readings, Sample
from node.readings import proof as proofs
from node.readings.errors import NotProvable
from node.readings.proof import Proof, Report
from node.reports.book import BookReader, Entry
from node.reports.covering import digests
from node.wallet.journal import Stage


def proved(
    readings: Readings, book: BookReader, *, chain_id: int, household: str, meter: str, moment: int
) -> Proof:
    """The proof of a meter's newest reading at or before a moment.

    Args:
        chain_id: of the neighbourhood.
        household: its account.
        moment: Unix ms.

    Raises:
        StoreError: readings or books cannot be read.
        NotProvable: there is no such reading, or it is not reported yet, or not as it is stored now.
    """
    found = readings.sample_at(meter, moment)
    if found is None:
        raise NotProvable(
            f"the meter {meter!r} has no reading by then: is its name right, is it too long ago?"
        )
    sample, number = found
    entry = book.covering(number)
    if entry is None or entry.transaction is None or entry.stage is not Stage.FINAL:
        raise NotProvable(
            f"this reading is not reported yet: {_wait(entry)}; see `commonwatt readings reports`"
        )
    report = Report(
        chain_id=chain_id,
        market=entry.market,
        household=household,
        transaction=entry.transaction,
        span=entry.covered.span,
        root=entry.covered.root,
    )
    batch, own = _batch(readings, number)
    links = list(digests(readings, report.span))
    if sample in own and len(links) == report.span.batches:
        made = proofs.made(report, links, batch, own, own.index(sample))
        if made.holds:
            return made
    raise NotProvable(
        f"the readings no longer lead to what was reported (batches {report.span.first} to "
        f"{report.span.last}): they were changed since; see `commonwatt readings check`"
    )


def _batch(readings: Readings, number: int) -> tuple[Batch, list[Sample]]:
    page = readings.pages(number - 1, 1)
    if not page or page[0][0].number != number:
        raise NotProvable(f"batch {number} is missing: see `commonwatt readings check`")
    return page[0]


def _wait(entry: Entry | None) -> str:
    if entry is None:
        return "its interval has not ended, or client-interaction has not run since"
    return f"the transaction is {entry.stage or 'unknown'}"
