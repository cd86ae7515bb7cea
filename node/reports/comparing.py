"""Whether the household's books, its readings and the chain tell the same about what was reported. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from node.reports.book import Entry
from node.reports.covering import Covered
from node.reports.onchain import Reported
from node.wallet.journal import Stage


def differences(
    booked: Sequence[Entry], on_chain: Sequence[Reported], rooted: Callable[[Covered], bytes]
) -> Iterator[str]:
    """Everything that does not agree, a sentence each.

    Args:
        booked: from `trade.db`.
        on_chain: all reports of the household.
        rooted: the root of what a report covers, by the readings as they are now.
    """
    books = {entry.covered.span.start: entry for entry in booked}
    for said in on_chain:
        entry = books.get(said.interval)
        of = f"the report of {day(said.interval)}"
        if entry is None:
            yield f"{of} is on the chain, and not in trade.db: it was restored, or changed"
            continue
        covered = entry.covered
        if rooted(covered) != said.root:
            yield f"{of} has another root on the chain: readings were changed since ({_span(covered)})"
        elif (covered.root, covered.produced, covered.consumed) != (said.root, said.produced, said.consumed):
            yield f"{of} says something else on the chain than in trade.db, which was changed"
    there = {said.interval for said in on_chain}
    for start, entry in books.items():
        if entry.stage is Stage.FINAL and start not in there:
            yield f"the report of {day(start)} is not on the chain, as trade.db has it: trade.db was changed"


def day(seconds: float) -> str:
    """A moment for people, in UTC as intervals are."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(covered: Covered) -> str:
    return f"batches {covered.span.first} to {covered.span.last}"
