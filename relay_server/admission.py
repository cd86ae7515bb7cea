"""Who gets a connection when there are more askers than slots. Pure.

A connection is *proven* once it carried a frame signed by the owner or by somebody who holds a lease. Proven
ones are never given away and do not count against their address, so that a household whose processes share an
address with noise keeps its own. Everybody else competes: the newcomer takes the place of whoever has been
silent longest, so a slot cannot be held by saying nothing.
"""

from __future__ import annotations

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
    proven: bool
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


def admit(guests: Sequence[Guest], address: str, limit: int, per_address: int, now: float) -> Admission:
    """Decide about a newcomer.

    Args:
        limit: connections in all.
        per_address: unproven connections of one address.
    """
    strangers = [guest for guest in guests if not guest.proven]
    from_there = [guest for guest in strangers if guest.address == address]
    if len(from_there) >= per_address:
        return _instead_of(from_there, now, f"{per_address} connections from {address} are open")
    if len(guests) >= limit - RESERVED and strangers:
        return _instead_of(strangers, now, f"{limit} connections are open")
    if len(guests) >= limit:
        return Full(why=f"{limit} connections are open")
    return Welcome()


def _instead_of(guests: Sequence[Guest], now: float, why: str) -> Admission:
    settled = [guest for guest in guests if now - guest.since >= HANDSHAKE]
    if not settled:
        return Full(why=why)
    return Welcome(instead=min(settled, key=lambda guest: guest.heard).key)
