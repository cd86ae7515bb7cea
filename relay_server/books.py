"""What buyers took and signed for, in memory: accounts, orders, and which of these are not paid out yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from quantities import Energy
from relay_server import authorisation
from relay_server.accounts import Account, Order, forgive, settled
from relay_server.acts import Save, Tell
from relay_server.authorisation import View
from relay_server.contacts import feed as feeds
from relay_server.contacts.household import Contacts, Step

if TYPE_CHECKING:
    from relay_server.persistence import Remembered


class Books:
    """Changes by `keep` alone; all else answers what is to be done."""

    def __init__(self, remembered: Remembered) -> None:
        """As they were on disk."""
        self._accounts = dict(remembered.accounts)
        self._orders = dict(remembered.orders)
        self._unsettled = {id_ for id_, o in self._orders.items() if o.signature and not o.settled}

    @property
    def orders(self) -> Mapping[bytes, Order]:
        """By their ids."""
        return self._orders

    @property
    def unsettled(self) -> frozenset[bytes]:
        """Those with a voucher that the market has not paid for yet."""
        return frozenset(self._unsettled)

    def account(self, buyer: str, contact: int) -> Account:
        """One buyer's sums at one feed; a new buyer's are empty."""
        return self._accounts.get((buyer, contact)) or Account(buyer=buyer, contact=contact)

    def keep(self, saved: Save) -> None:
        """Take what was decided."""
        self._accounts[saved.account.buyer, saved.account.contact] = saved.account
        order = saved.order
        if order is None:
            return
        self._orders[order.id] = order
        if order.signature and not order.settled:
            self._unsettled.add(order.id)
        else:
            self._unsettled.discard(order.id)

    def paid_out(self, view: View) -> list[tuple[bytes, Energy]]:
        """The orders that the market has settled since, each with what it paid for."""
        found = [
            (id_, authorisation.settlement(view, id_)) for id_ in self._unsettled & view.confirmed.keys()
        ]
        return [(id_, paid) for id_, paid in found if paid is not None]


def settle(contacts: Contacts, account: Account, order: Order, paid: Energy) -> Step:
    """What the market did not pay for was not paid, whatever was signed: it counts as open again."""
    account, order = settled(account, order, paid)
    feed = contacts.feeds.get(order.contact)
    if feed:
        contacts = contacts.having(feeds.accounted(feed, account, order))
    facts: dict[str, str | int] = {"order": order.id.hex(), "paid_mwh": paid.mwh}
    return contacts, [
        Save(account=account, order=order, urgent=True),
        Tell(event="order settled", contact=order.contact, facts=facts),
    ]


def write_off(contacts: Contacts, account: Account) -> Step:
    """The seller forgives what a buyer owes."""
    forgiven = forgive(account)
    feed = contacts.feeds.get(account.contact)
    if feed and feed.supply and feed.supply.account.buyer == account.buyer:
        contacts = contacts.having(replace(feed, supply=replace(feed.supply, account=forgiven)))
    return contacts, [Save(account=forgiven, urgent=True)]
