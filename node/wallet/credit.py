"""The gas credit: what of it is kept, so that whatever was bought or sold can always be settled. Pure.

A node asks for a balance of gas limit times maximum fee for all that waits; what is really paid is about a
hundredth of it. The part that is kept covers settlements whose fee had to be raised several times.
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.transactions import Fees

SETTLING = frozenset({"redeem", "release", "close", "reclaim"})
"""The first word of a purpose that settles; everything else is optional."""

KEPT_SETTLEMENTS = 4
"""A running order and its successor: to each a close and a reclaim, or a redeem with one to spare."""

KEPT_GAS = 250_000
"""Units of gas: the limit of the dearest settlement."""

KEPT_RAISES = 3
"""How often the fee of each may have been raised."""

BEGINNING_GAS = 400_000
"""Units of gas: the limit of the dearest transaction that begins something, an order."""

ETHER = 10**18


@dataclass(frozen=True, kw_only=True)
class Purse:
    """The account's wei."""

    balance: int
    waiting: int = 0
    """What transactions on their way may cost at most."""

    @property
    def free(self) -> int:
        """What is left for others."""
        return max(self.balance - self.waiting, 0)


def settles(purpose: str) -> bool:
    """Whether a purpose ("redeem:<order>") is one that the credit is kept for."""
    return purpose.partition(":")[0] in SETTLING


def kept(fees: Fees, settlements: int = 0) -> int:
    """Wei that are kept for settling.

    Args:
        fees: what a first signature pays.
        settlements: how many there may be; at least `KEPT_SETTLEMENTS` are counted.
    """
    for _ in range(KEPT_RAISES):
        fees = fees.raised()
    return max(settlements, KEPT_SETTLEMENTS) * KEPT_GAS * fees.maximum


def refused(purse: Purse, cost: int, fees: Fees) -> str:
    """Why an optional transaction must not be sent, as a clause; empty: it may be.

    Args:
        purse: what there is.
        cost: wei that it may cost at most: gas limit · maximum fee, and what it hands over.
        fees: what a first signature pays.
    """
    if purse.free - cost >= kept(fees):
        return ""
    return (
        f"the gas credit is kept for settling: {purse.free / ETHER:.4f} ether are left, "
        f"{(kept(fees) + cost) / ETHER:.4f} are needed to begin something new"
    )


def short(balance: int) -> bool:
    """Whether an account has so little left that it can buy no more: what it has is kept for settling.

    Args:
        balance: wei.
    """
    return balance < kept(Fees()) + BEGINNING_GAS * Fees().maximum


def affordable(purse: Purse, gas: int, fees: Fees) -> Fees | None:
    """The fees within what is left, for a transaction that has to be sent; None: nothing is left at all.

    A lower maximum waives only the guard against bursts of full blocks: a private chain's base fee is a few
    wei, and the tip is paid as long as the maximum covers it.
    """
    most = purse.free // gas
    if most < 1:
        return None
    return Fees(tip=min(fees.tip, most), maximum=min(fees.maximum, most))
