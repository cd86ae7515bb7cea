"""What STATE answers: every contact as it stands, home first."""

from __future__ import annotations

from collections.abc import Iterator

from relay_server.acts import HOME
from relay_server.contacts.feed import Feed
from relay_server.contacts.lasting import milliseconds
from relay_server.contacts.transfer import Leaving, Tied, Transfer
from relay_server.messages import ContactState, Kind


def of_transfer(transfer: Transfer, now: float) -> Iterator[ContactState]:
    """Home, then the ties."""
    position = transfer.position
    yield ContactState(
        contact=HOME,
        kind=Kind.HOME,
        closed=HOME not in transfer.energised,
        fault=transfer.faults.get(HOME),
        locked=transfer.locks.get(HOME),
    )
    for tie in transfer.ratings:
        leased = position if isinstance(position, Tied | Leaving) and position.tie == tie else None
        yield ContactState(
            contact=tie,
            kind=Kind.TIE,
            closed=tie in transfer.energised,
            lease_ms=milliseconds(leased.expires - now) if leased else 0,
            fault=transfer.faults.get(tie),
            locked=transfer.locks.get(tie),
        )


def of_feed(feed: Feed, now: float) -> ContactState:
    """A feed, with the order it is closed for."""
    return ContactState(
        contact=feed.contact,
        kind=Kind.FEED,
        closed=feed.closed,
        order=feed.live.order.id if feed.live else None,
        lease_ms=milliseconds(feed.live.expires - now) if feed.live else 0,
        fault=feed.fault,
        locked=feed.locked,
    )
