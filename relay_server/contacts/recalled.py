"""The contacts as a relay's start finds them, by its disk: faults, lock-outs, who was supplied. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from relay_server.acts import HOME
from relay_server.contacts import feed_commands
from relay_server.contacts.feed import Feed
from relay_server.contacts.household import Contacts
from relay_server.contacts.transfer import Returning, Transfer

if TYPE_CHECKING:
    from relay_server.persistence import Remembered
    from relay_server.settings import RelaySettings


def contacts(settings: RelaySettings, remembered: Remembered, now: float) -> Contacts:
    """All of them, on the assumption that every coil is released now."""
    feeds = (
        Feed(
            contact=each.contact,
            rating=each.rating,
            driven=now,
            fault=remembered.faults.get(each.contact),
            locked=remembered.locks.get(each.contact),
        )
        for each in settings.feeds
    )
    return Contacts(
        feeds={feed.contact: _counting_on(feed, remembered, now) for feed in feeds},
        transfer=_transfer(settings, remembered, now),
    )


def _counting_on(feed: Feed, remembered: Remembered, now: float) -> Feed:
    """A feed that was closed when the relay died goes on counting for that buyer."""
    baseline = remembered.baselines.get(feed.contact)
    order = remembered.orders.get(baseline.order) if baseline and baseline.order else None
    if baseline is None or order is None:
        return feed
    account = remembered.accounts.get((order.buyer, order.contact))
    return feed_commands.recovered(feed, account, order, baseline.forward, now) if account else feed


def _transfer(settings: RelaySettings, remembered: Remembered, now: float) -> Transfer | None:
    if not settings.transfer:
        return None
    return Transfer(
        ratings={each.contact: each.rating for each in settings.ties},
        position=Returning(since=now),
        why="the relay was started",
        faults=_of_transfer(settings, remembered.faults),
        locks=_of_transfer(settings, remembered.locks),
    )


def _of_transfer(settings: RelaySettings, kept: Mapping[int, str]) -> dict[int, str]:
    there = {HOME, *(tie.contact for tie in settings.ties)}
    return {contact: why for contact, why in kept.items() if contact in there}
