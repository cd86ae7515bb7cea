"""One household's month: opening balance, movements, closing balance, and sums that add up exactly. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

from node.statement.rows import Kind, Row
from quantities import Energy, Tokens

NOTHING = Tokens(0)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a household owns at one moment."""

    balance: Tokens = NOTHING
    set_aside: Tokens = NOTHING
    """In escrow for its own running orders: it comes back, or pays for energy."""

    @property
    def total(self) -> Tokens:
        """Both."""
        return self.balance + self.set_aside

    def after(self, row: Row) -> Holding:
        """With one more movement."""
        return Holding(balance=self.balance + row.amount, set_aside=self.set_aside + row.set_aside)


@dataclass(frozen=True, kw_only=True)
class Sums:
    """A period's movements by reason; all are amounts of their own, none is negative."""

    paid_in: Tokens = NOTHING
    paid_out: Tokens = NOTHING
    bought: Energy = field(default_factory=Energy)
    paid: Tokens = NOTHING
    """For the energy bought."""

    sold: Energy = field(default_factory=Energy)
    earned: Tokens = NOTHING
    received: Tokens = NOTHING
    sent: Tokens = NOTHING
    burned: Tokens = NOTHING
    ordered: Tokens = NOTHING
    """Set aside for new orders."""

    refunded: Tokens = NOTHING
    """Came back from orders."""

    @property
    def change(self) -> Tokens:
        """By how much the total changed."""
        gained = self.paid_in + self.earned + self.received
        return gained - self.paid - self.paid_out - self.sent - self.burned


@dataclass(frozen=True, kw_only=True)
class Statement:
    """`opening.total + sums.change == closing.total`, and balance by balance, row by row."""

    account: str
    opening: Holding
    rows: tuple[Row, ...]
    balances: tuple[Tokens, ...]
    """After each row."""

    closing: Holding
    sums: Sums


def statement(movements: Iterable[Row], account: str, start: int, end: int) -> Statement:
    """The part of a household's history from `start` to before `end` (Unix seconds).

    Args:
        movements: all from the beginning on, oldest first.
    """
    listed = list(movements)
    opening = reduce(Holding.after, (row for row in listed if row.at < start), Holding())
    within = tuple(row for row in listed if start <= row.at < end)
    holdings = [opening]
    for row in within:
        holdings.append(holdings[-1].after(row))
    return Statement(
        account=account,
        opening=opening,
        rows=within,
        balances=tuple(holding.balance for holding in holdings[1:]),
        closing=holdings[-1],
        sums=sums(within),
    )


def sums(movements: Sequence[Row]) -> Sums:
    """Movements by reason."""

    def total(*kinds: Kind) -> Tokens:
        return Tokens(sum(abs(row.amount).value for row in movements if row.kind in kinds))

    def energy(kind: Kind) -> Energy:
        return Energy(sum(row.energy.mwh for row in movements if row.kind is kind))

    return Sums(
        paid_in=total(Kind.PAID_IN),
        paid_out=total(Kind.PAID_OUT),
        bought=energy(Kind.BOUGHT),
        paid=Tokens(sum(row.paid.value for row in movements if row.kind is Kind.BOUGHT)),
        sold=energy(Kind.SOLD),
        earned=total(Kind.SOLD),
        received=total(Kind.RECEIVED),
        sent=total(Kind.SENT),
        burned=total(Kind.BURNED),
        ordered=total(Kind.ORDERED),
        refunded=total(Kind.BOUGHT, Kind.GIVEN_BACK, Kind.TAKEN_BACK),
    )
