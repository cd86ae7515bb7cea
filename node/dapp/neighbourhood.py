"""The neighbourhood as one household can know it: from the chain, the registry, and whose relay answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.bindings.market import Offer, Order
from contracts.bindings.registry import Household as Registered
from node.dapp.language import gettext as _
from node.dapp.told import told
from node.dapp.words import ago, capital
from quantities import Energy

if TYPE_CHECKING:
    from relay_server.messages import ContactState

HEAD_BEHIND = 10
"""Blocks that a relay's head may be behind ours before somebody should look."""

LOW_GAS = 10**16
"""Wei, about fifty transactions of 200,000 gas at 1 gwei: below it a household soon cannot settle; the credit
of a new one is ten times that."""

QUIET = 3 * 86_400
"""Seconds without a report, of a household that has reported before, after which somebody should look."""


@dataclass(frozen=True, kw_only=True)
class Relay:
    """What a household's relay said when it was asked last."""

    at: float
    """Unix seconds."""
    problem: str = ""
    """Why it did not answer, in words; empty: it did."""
    head: int = 0
    """The height of the chain, as it sees it."""
    contacts: Sequence[ContactState] = ()


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One report of production and consumption on the chain."""

    interval: int
    """Unix seconds at which it starts."""
    produced: Energy
    consumed: Energy
    transaction: str


@dataclass(frozen=True, kw_only=True)
class Supply:
    """An order that runs: who feeds whom."""

    order: Order
    seller: str
    buyer: str
    """Their names."""
    closed: bool | None
    """Whether the seller's relay says that energy may flow; None: it does not answer."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What was seen of one household; None and empty: nothing yet."""

    registered: Registered
    relay: Relay | None = None
    offers: Sequence[Offer] = ()
    orders: Sequence[Order] = ()
    reports: Sequence[Reported] = ()
    """The newest first."""
    gas: int | None = None
    """Wei."""

    def live(self, head: int) -> list[Offer]:
        """The offers that take an order now."""
        return [offer for offer in self.offers if offer.live(head)] if self.registered.admitted else []


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The whole neighbourhood at one look."""

    at: float
    """Unix seconds."""
    head: int
    """The chain's height then."""
    sightings: Sequence[Sighting]
    scanned: int
    """The last block whose reports and offers are known."""

    def supplies(self) -> list[Supply]:
        """Every order that runs, with the names of both sides."""
        names = {each.registered.account.lower(): each.registered.name for each in self.sightings}
        return [
            Supply(
                order=order,
                seller=each.registered.name,
                buyer=names.get(order.buyer.lower(), order.buyer),
                closed=_closed(each.relay, order),
            )
            for each in self.sightings
            for order in each.orders
        ]


def _closed(relay: Relay | None, order: Order) -> bool | None:
    if relay is None or relay.problem:
        return None
    return any(contact.closed and contact.order == order.id for contact in relay.contacts)


def worries(seen: Sighting, head: int, now: float) -> list[str]:
    """What an operator should look at, as sentences; nothing: all is as it should be.

    Args:
        head: the chain's height.
        now: Unix seconds.
    """
    found = []
    entry, relay = seen.registered, seen.relay
    if not entry.admitted:
        found.append(_("It is suspended: it neither offers nor buys."))
    if relay is not None and relay.problem:
        found.append(f"{capital(told(relay.problem))}.")
    elif relay is not None:
        if head - relay.head > HEAD_BEHIND:
            found.append(_("Its chain is %(number)s blocks behind ours.", number=head - relay.head))
        for contact in relay.contacts:
            if contact.fault:
                found.append(
                    _(
                        "Contact %(contact)s has a fault: %(fault)s.",
                        contact=contact.contact,
                        fault=told(contact.fault),
                    )
                )
            if contact.locked:
                found.append(
                    _(
                        "Contact %(contact)s is locked out: %(why)s.",
                        contact=contact.contact,
                        why=contact.locked,
                    )
                )
    if seen.gas is not None and seen.gas < LOW_GAS:
        found.append(_("Its gas credit is nearly used up."))
    if seen.reports and now - seen.reports[0].interval > QUIET:
        found.append(_("Its last report is of %(ago)s.", ago=ago(now - seen.reports[0].interval)))
    return found
