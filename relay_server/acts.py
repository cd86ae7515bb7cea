"""What decisions ask for: contacts to drive, accounts to keep, transitions to tell. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from relay_server.accounts import Account, Order

HOME = 0
"""The contact number of home; feeds and ties have numbers from 1."""


@dataclass(frozen=True, kw_only=True)
class Drive:
    """Energise or release the coil of one contact."""

    contact: int
    energised: bool


@dataclass(frozen=True, kw_only=True)
class Save:
    """Keep a buyer's account, and one of its orders: soon, or if `urgent` before the answer goes out."""

    account: Account
    order: Order | None = None
    urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Keep whose energy a feed's meter is counting from which reading on; no order: nobody's."""

    contact: int
    order: bytes | None = None
    forward: int = 0
    """mWh."""


@dataclass(frozen=True, kw_only=True)
class Latch:
    """Keep a fault until somebody clears it, over restarts. None: it is cleared."""

    contact: int
    fault: str | None


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Keep a lock-out until somebody at the box takes it off, over restarts. None: it is taken off."""

    contact: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """Count one operation of a contact towards its rated life."""

    contact: int


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """Count a contact's operations from zero: it is another one now."""

    contact: int


@dataclass(frozen=True, kw_only=True)
class Tell:
    """A transition, for the log and the audit log."""

    event: str
    contact: int
    facts: Mapping[str, str | int] = field(default_factory=dict)


Act: TypeAlias = Drive | Save | Baseline | Latch | Lock | Cycle | Renewal | Tell
