"""Who gets a connection when there are more askers than slots. Pure.

A connection is *proven* once it carried a frame signed by the owner or by somebody who holds a lease. Proven
ones are never given away and do not count against their address, so that a household whose processes share an
address with noise keeps its own; but an account has only so many of them, or one who holds a lease could take
all slots and lock the owner out. Everybody else competes: the newcomer takes the place of whoever has been
silent longest, so a slot cannot be held by saying nothing. A newcomer from an address that a proven account
last spoke from is one of theirs that comes back: no crowd from elsewhere keeps it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

HANDSHAKE = 1.0
"""Seconds in which a new connection cannot be pushed out: time to say HELLO and to sign one frame."""

RESERVED = 1
"""Slots that only the proven, or a newcomer who pushes nobody out, can fill."""


@dataclass(frozen=True, kw_only=True)
class Guest:
    """An open connection."""

    key: int
    address: str
    account: str | None
    """Whoever proved on it to be the owner, or to hold a lease; None: nobody has."""
    since: float
    heard: float
    """When its last frame was complete."""


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """Let it in, in place of another if `instead` is one's key."""

    instead: int | None = None


@dataclass(frozen=True, kw_only=True)
class Full:
    """Not now."""

    why: str


Admission: TypeAlias = Welcome | Full


def admit(
    guests: Sequence[Guest], address: str, limit: int, each: int, now: float, *, at_home: bool
) -> Admission:
    """Decide about a newcomer.

    Args:
        limit: connections in all.
        each: unproven connections of one address, and proven ones of one account.
        at_home: an account that is proven, or was and still holds its lease, speaks from this address.
    """
    strangers = _strangers(guests, each)
    from_there = [guest for guest in strangers if guest.address == address]
    if len(from_there) >= each:
        return _instead_of(from_there, now, f"{each} connections from {address} are open")
    if len(guests) < limit - RESERVED:
        return Welcome()
    full = f"{limit} connections are open"
    if strangers:
        elsewhere = [guest for guest in strangers if guest.address != address]
        if at_home and elsewhere:
            return Welcome(instead=min(elsewhere, key=lambda guest: guest.heard).key)
        return _instead_of(strangers, now, full)
    return Full(why=full) if len(guests) >= limit else Welcome()


def _strangers(guests: Sequence[Guest], each: int) -> list[Guest]:
    """Those unproven, and of one account those that were silent longest, beyond its share."""
    strangers, proven = [], defaultdict[str, int](int)
    for guest in sorted(guests, key=lambda guest: guest.heard, reverse=True):
        if guest.account is not None:
            proven[guest.account] += 1
        if guest.account is None or proven[guest.account] > each:
            strangers.append(guest)
    return strangers


def _instead_of(guests: Sequence[Guest], now: float, why: str) -> Admission:
    settled = [guest for guest in guests if now - guest.since >= HANDSHAKE]
    if not settled:
        return Full(why=why)
    return Welcome(instead=min(settled, key=lambda guest: guest.heard).key)
