"""The treasurer's entries and what each does to the accounts: double entry, so all sums to zero. Pure.

| account | holds |
|---|---|
| cash | money that was paid in and not paid out |
| outstanding | tokens in other hands, a debt: negative |
| exchange | the other side of both: what was taken for what |
| given | tokens that households got when they were admitted |
| explained | tokens that were made or burned otherwise, with the treasurer's reason |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from node.treasury.money import Money
from node.wallet.journal import Stage
from quantities import Tokens

TOKENS = "tokens"
"""The commodity that is no currency."""


class Kind(StrEnum):
    """What an entry records."""

    ISSUE = "issue"
    """Money was paid in, and tokens were minted for it."""
    CASH_OUT = "cash-out"
    """Tokens that were received are burned, and money was paid out for them."""
    EXPLAINED = "explained"
    """A mint or burn that no other entry has made, with the reason."""
    OPENING = "opening"
    """Minted when the household was admitted: not in the book, recognised on the chain."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the book."""

    id: int
    kind: Kind
    at: float
    """Unix seconds at which it was written down; of an opening, of its block."""

    account: str
    """The household's, checksummed."""

    name: str
    """The household's, at that time."""

    tokens: Tokens
    """Minted (positive) or burned (negative)."""

    money: Money | None = None
    """Paid in (positive) or paid out (negative)."""

    reference: str = ""
    """What the treasurer noted: a line of the bank's statement, say."""

    transfer: str = ""
    """A cash-out: transaction and index of the transfer that was received; explained: of the mint or burn."""

    stage: Stage = Stage.FINAL
    """How far its transaction is."""

    transaction: str = ""
    """By which tokens were minted or burned."""

    error: str = ""
    told: bool = True
    """Whether somebody was told how it ended."""

    @property
    def counts(self) -> bool:
        """Whether it changed anything."""
        return self.stage is Stage.FINAL


@dataclass(frozen=True)
class Posting:
    """A change of one account; positive is a debit."""

    account: str
    commodity: str
    amount: int
    """Base units of tokens, smallest coins of money."""


def postings(entry: Entry) -> tuple[Posting, ...]:
    """What an entry does to the accounts."""
    if not entry.counts:
        return ()
    other = {Kind.OPENING: "given", Kind.EXPLAINED: "explained"}.get(entry.kind, "exchange")
    amount = entry.tokens.value
    made = [Posting("outstanding", TOKENS, -amount), Posting(other, TOKENS, amount)]
    if entry.money is not None:
        paid, currency = entry.money.minor, entry.money.currency
        made += [Posting("cash", currency, paid), Posting("exchange", currency, -paid)]
    return tuple(made)


def balances(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """Each account's balance in each commodity."""
    sums: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        for posting in postings(entry):
            sums[posting.account, posting.commodity] += posting.amount
    return dict(sums)
