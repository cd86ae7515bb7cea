"""The book beside the chain: every token that was ever made or burned has its entry, or is named. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from node.statement.happened import NOBODY, Happened
from node.treasury.entries import Entry, Kind
from node.wallet.journal import Stage
from quantities import Tokens

OPENING = 20
"""Blocks after a household's admission within which its first tokens are taken for those that it was given:
the authority sends both at once."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Book and chain do not agree."""

    what: str
    """A clause."""

    transaction: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The book as the chain confirms it."""

    entries: tuple[Entry, ...]
    """The book's, and the opening ones from the chain, in the order in which they were made."""

    differences: tuple[Difference, ...]
    outstanding: Tokens
    """By the entries that count."""

    supply: Tokens
    """By the chain."""

    @property
    def equal(self) -> bool:
        """Whether both say the same."""
        return not self.differences and self.outstanding == self.supply


def check(
    book: Sequence[Entry],
    changes: Iterable[Happened],
    *,
    admitted: Mapping[str, int],
    names: Mapping[str, str],
    supply: Tokens,
    treasurer: str,
) -> Checked:
    """Compare the book with every event that changed the supply.

    Args:
        book: all entries.
        changes: every mint and burn, oldest first, up to a block that counts.
        admitted: block of each household's first admission, by account.
        names: of households, by account.
        supply: at the same block.
        treasurer: whose tokens a cash-out burns.
    """
    made = {entry.transaction: entry for entry in book if entry.kind in (Kind.ISSUE, Kind.CASH_OUT)}
    explained = {entry.transfer: entry for entry in book if entry.kind is Kind.EXPLAINED}
    confirmed: set[int] = set()
    openings: list[Entry] = []
    differences: list[Difference] = []
    known: set[str] = set()
    for event in changes:
        amount = _change(event)
        if not amount:
            continue
        minted, account = amount.value > 0, event.fields["to" if amount.value > 0 else "from"]
        entry = explained.get(f"{event.transaction}:{event.index}") or made.get(event.transaction)
        own = treasurer if entry is not None and entry.kind is Kind.CASH_OUT else account
        if entry is not None and entry.id not in confirmed:
            confirmed.add(entry.id)
            if (entry.tokens, entry.account if minted else own) != (amount, account):
                differences.append(_other(entry, amount, event))
        elif minted and account not in known and _with_admission(event, account, admitted):
            openings.append(_opening(event, account, amount, names))
        else:
            differences.append(_without_entry(amount, account, event, names))
        known.add(account)
    differences += _missing(book, confirmed)
    entries = tuple(sorted([*openings, *book], key=lambda entry: (entry.at, entry.id)))
    outstanding = Tokens(sum(entry.tokens.value for entry in entries if entry.counts))
    return Checked(entries=entries, differences=tuple(differences), outstanding=outstanding, supply=supply)


def _change(event: Happened) -> Tokens:
    """By how much an event changed the supply."""
    f = event.fields
    minted, burned = f["from"] == NOBODY, f["to"] == NOBODY
    return Tokens(0) if minted == burned else Tokens(f["value"] if minted else -f["value"])


def _with_admission(event: Happened, account: str, admitted: Mapping[str, int]) -> bool:
    block = admitted.get(account)
    return block is not None and 0 <= event.block - block <= OPENING


def _opening(event: Happened, account: str, amount: Tokens, names: Mapping[str, str]) -> Entry:
    return Entry(
        id=0,
        kind=Kind.OPENING,
        at=event.at,
        account=account,
        name=names.get(account, ""),
        tokens=amount,
        reference="given at admission",
        transfer=f"{event.transaction}:{event.index}",
        transaction=event.transaction,
    )


def _other(entry: Entry, amount: Tokens, event: Happened) -> Difference:
    what = f"entry {entry.id} says {entry.tokens} tokens of {entry.name}, its transaction {amount}"
    return Difference(what=what, transaction=event.transaction)


def _without_entry(amount: Tokens, account: str, event: Happened, names: Mapping[str, str]) -> Difference:
    who = names.get(account) or account
    did = "were minted for" if amount.value > 0 else "were burned by"
    return Difference(
        what=f"{abs(amount)} tokens {did} {who} without an entry in this book", transaction=event.transaction
    )


def _missing(book: Sequence[Entry], confirmed: set[int]) -> Iterator[Difference]:
    for entry in book:
        if entry.stage is Stage.FINAL and entry.id not in confirmed:
            yield Difference(
                what=f"entry {entry.id} says {entry.tokens} tokens of {entry.name}, the chain nothing",
                transaction=entry.transaction,
            )
