"""All contacts of a household at one moment, and what may be done to any of them by its number. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from relay_server.acts import HOME, Act, Latch, Lock
from relay_server.contacts import feed as feeds
from relay_server.contacts import transfer as transfers
from relay_server.contacts.feed import Feed, Supply
from relay_server.contacts.transfer import Home, Returning, Tied, Transfer


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """The feeds by their numbers, and the transfer, where there is one."""

    feeds: Mapping[int, Feed] = field(default_factory=dict)
    transfer: Transfer | None = None

    @property
    def sources(self) -> tuple[int, ...]:
        """Every feed and tie: what is open when its coil is released."""
        return (*self.feeds, *(self.transfer.ratings if self.transfer else ()))

    @property
    def lockable(self) -> tuple[int, ...]:
        """Every contact, feeds first; home stands for all ties."""
        return (*self.feeds, *((HOME,) if self.transfer else ()))

    @property
    def moving(self) -> tuple[int, ...]:
        """Home and the ties."""
        return (HOME, *self.transfer.ratings) if self.transfer else ()

    @property
    def changing(self) -> bool:
        """Whether the transfer is between two sources."""
        return self.transfer is not None and self.transfer.changing

    @property
    def tied(self) -> int | None:
        """The tie that feeds the household; None: it is at home, or between two sources."""
        position = self.transfer.position if self.transfer else None
        return position.tie if isinstance(position, Tied) else None

    @property
    def at_rest(self) -> bool:
        """Every feed open, and the household at home."""
        home = self.transfer is None or isinstance(self.transfer.position, Home)
        return home and not any(feed.closed for feed in self.feeds.values())

    @property
    def supplies(self) -> Iterator[Supply]:
        """Those that hold a feed closed."""
        return (feed.live for feed in self.feeds.values() if feed.live)

    def having(self, feed: Feed) -> Contacts:
        """The same with one feed as it has become."""
        if self.feeds.get(feed.contact) is feed:
            return self
        return replace(self, feeds={**self.feeds, feed.contact: feed})


Step: TypeAlias = tuple[Contacts, list[Act]]


def released(contacts: Contacts, why: str, now: float) -> Step:
    """All supplies end and the household goes home, every source's coil having been released already."""
    acts: list[Act] = []
    for number, feed in contacts.feeds.items():
        if feed.live:
            contacts, more = opened(contacts, number, why, now)
            acts += more
    if contacts.transfer and not isinstance(contacts.transfer.position, Home | Returning):
        transfer, more = transfers.go_home(contacts.transfer, why, now)
        contacts, acts = replace(contacts, transfer=transfer), acts + more
    return contacts, acts


def opened(contacts: Contacts, contact: int, why: str, now: float) -> Step:
    """A feed's supply ends; anything else is not touched."""
    feed = contacts.feeds.get(contact)
    if feed is None or not feed.live:
        return contacts, []
    feed, acts = feeds.opening(feed, why, now)
    return contacts.having(feed), acts


def hung(contacts: Contacts, contact: int, now: float) -> Step:
    """The pin driver does not return from a call for this contact."""
    if contact in contacts.feeds:
        feed, acts = feeds.hung(contacts.feeds[contact], now)
        return contacts.having(feed), acts
    if contacts.transfer and contact in contacts.moving:
        transfer, acts = transfers.hung(contacts.transfer, contact, now)
        return replace(contacts, transfer=transfer), acts
    return contacts, []


def locked(contacts: Contacts, contact: int, reason: str, now: float) -> Step:
    """Lock a contact out: coils first, for the lock is on disk before anybody is told that it holds."""
    acts: list[Act] = []
    if contact in contacts.feeds:
        feed, acts = feeds.lock(contacts.feeds[contact], reason, now)
        contacts = contacts.having(feed)
    elif contacts.transfer and contact in contacts.moving:
        transfer, acts = transfers.lock(contacts.transfer, contact, reason, now)
        contacts = replace(contacts, transfer=transfer)
    return contacts, [*acts, Lock(contact=contact, reason=reason)]


def unlocked(contacts: Contacts, contact: int) -> Step:
    """Take a lock-out off."""
    if contact in contacts.feeds:
        contacts = contacts.having(feeds.unlock(contacts.feeds[contact]))
    elif contacts.transfer:
        contacts = replace(contacts, transfer=transfers.unlock(contacts.transfer, contact))
    return contacts, [Lock(contact=contact, reason=None)]


def cleared(contacts: Contacts, contact: int, now: float) -> Step:
    """Somebody has looked at a fault."""
    feed = contacts.feeds.get(contact)
    if feed:
        contacts = contacts.having(feeds.cleared(feed, now))
    if contacts.transfer:
        contacts = replace(contacts, transfer=transfers.cleared(contacts.transfer, contact, now))
    return contacts, [Latch(contact=contact, fault=None)]
