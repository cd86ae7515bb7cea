"""What each buyer took by the seller's meter and signed for: per order, and summed per feed contact.

The sums run over all of a buyer's orders on one contact, so that nobody takes the tolerance of a fresh order
again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from quantities import Energy

NOTHING = Energy(0)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order as this relay knows it."""

    id: bytes
    buyer: str
    contact: int
    energy: Energy
    """Bought and escrowed; no voucher goes beyond it."""

    market: str = ""
    """In lower case: the contract that holds the escrow: vouchers signed for another one redeem nothing."""

    delivered: Energy = NOTHING
    """By the seller's meter, while this order was the one named."""

    vouchered: Energy = NOTHING
    signature: bytes = b""
    """Of the best voucher; empty before the first."""

    ended: bool = False
    """The buyer has opened, or the seller or the chain has ended it: it is not closed for again."""

    settled: bool = False
    """The market has paid it out, at confirmation depth: no voucher redeems anything any more."""

    @property
    def full(self) -> bool:
        """Everything that was bought is signed for."""
        return self.vouchered >= self.energy


@dataclass(frozen=True, kw_only=True)
class Account:
    """The sums over one buyer's orders on one contact."""

    buyer: str
    contact: int
    delivered: Energy = NOTHING
    vouchered: Energy = NOTHING
    forgiven: Energy = NOTHING
    """What the seller has written off."""

    unpaid: bool = False
    """The gap went beyond the bound, and is not paid since."""

    @property
    def owed(self) -> Energy:
        """S: what was delivered and not forgiven."""
        return self.delivered - self.forgiven

    @property
    def gap(self) -> Energy:
        """S − N; negative when the buyer signed for more than the seller's meter counted."""
        return self.owed - self.vouchered


def delivered(account: Account, order: Order, energy: Energy) -> tuple[Account, Order]:
    """Count energy that went to this buyer under this order."""
    return (
        replace(account, delivered=account.delivered + energy),
        replace(order, delivered=order.delivered + energy),
    )


def vouchered(account: Account, order: Order, energy: Energy, signature: bytes) -> tuple[Account, Order]:
    """Take a voucher; one that is not higher than the best, or not signed, changes nothing."""
    if not signature or energy <= order.vouchered:
        return account, order
    gained = energy - order.vouchered
    return (
        replace(account, vouchered=account.vouchered + gained),
        replace(order, vouchered=energy, signature=signature),
    )


def settled(account: Account, order: Order, paid: Energy) -> tuple[Account, Order]:
    """The market has settled an order: vouchers beyond what it paid for were never worth anything.

    Args:
        paid: energy that the seller was paid for; nothing for an order that was released or reclaimed.
    """
    lost = max(order.vouchered - paid, NOTHING)
    return replace(account, vouchered=account.vouchered - lost), replace(order, settled=True)


def forgive(account: Account) -> Account:
    """Write the present gap off."""
    return replace(account, forgiven=account.forgiven + max(account.gap, NOTHING), unpaid=False)
