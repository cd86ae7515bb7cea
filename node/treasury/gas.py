"""Who is given ether for fees, and how much: up to what open orders need, within the day's bounds. Pure.

A household's gas credit is its quota against spam as well, so nobody is given more in a day than the bounds
say, whatever it has used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chain.transactions import Fees
from node.wallet.credit import BEGINNING_GAS, ETHER, kept

DAY = 86_400
"""Seconds of the chain, by its blocks' times: a clock that is set gives nobody another day."""

TRANSFER_GAS = 21_000
"""Units of gas of a payment to a household's account (Yellow Paper, G_transaction)."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What may be given, in wei."""

    full: int = ETHER
    """What a household is filled up to, as when it was admitted."""

    household: int = ETHER
    """To one household in a day."""

    all: int = 10 * ETHER
    """To all together in a day."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One admitted household at one block."""

    account: str
    name: str
    balance: int
    """Wei."""

    settlements: int
    """Transactions by which it may have to settle its open orders."""

    @property
    def needs(self) -> int:
        """Wei below which it is topped up: what its open orders need, and something new to begin."""
        return kept(Fees(), self.settlements) + BEGINNING_GAS * Fees().maximum


@dataclass(frozen=True, kw_only=True)
class Gift:
    """What was given before, or is on its way."""

    account: str
    wei: int
    at: int
    """Unix seconds of the head at that time."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """What one household is to be given."""

    account: Account
    wei: int
    """0: nothing can be given now."""

    bound: str = ""
    """What keeps it from being filled up, as a clause; empty: nothing."""

    @property
    def enough(self) -> bool:
        """Whether it has what it needs then."""
        return self.account.balance + self.wei >= self.account.needs


def settlements(orders: Iterable[tuple[str, str]], account: str) -> int:
    """How many transactions may settle an account's open orders.

    A seller redeems, or releases; a buyer whose seller is silent asks to close, and reclaims.

    Args:
        orders: buyer and seller of each that is not over.
        account: as the orders have it.
    """
    return sum(2 * (buyer == account) + (seller == account) for buyer, seller in orders)


def portions(
    accounts: Iterable[Account], given: Sequence[Gift], bounds: Bounds, purse: int, now: int
) -> list[Portion]:
    """What to give to whom, those who lack most first.

    Args:
        accounts: the admitted households.
        given: at least what was given in the last day, what is on its way included.
        bounds: for each day.
        purse: wei that whoever gives can spare.
        now: Unix seconds of the head.
    """
    lately = [gift for gift in given if now - gift.at < DAY]
    left = bounds.all - sum(gift.wei for gift in lately)
    made = []
    for account in sorted(accounts, key=lambda each: (each.balance - each.needs, each.name)):
        if account.balance >= account.needs:
            continue
        wanted = max(bounds.full, account.needs) - account.balance
        own = bounds.household - sum(gift.wei for gift in lately if gift.account == account.account)
        cost = TRANSFER_GAS * Fees().maximum
        limits = {
            "the bound of one household in a day": own,
            "the bound of all in a day": left,
            "what the giving account has": purse - cost,
        }
        which = min(limits, key=lambda name: limits[name])
        wei = max(min(wanted, limits[which]), 0)
        made.append(Portion(account=account, wei=wei, bound=which if wei < wanted else ""))
        if wei:
            left, purse = left - wei, purse - wei - cost
    return made
