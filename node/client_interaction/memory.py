"""What is remembered from one decision to the next, and how outcomes change it. Pure.

Nothing in here has to survive a crash: orders, vouchers, transactions and what sellers did are on disk and on
the chain, and where the contacts stand is asked of the relays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from node.client_interaction.acts import (
    CloseFeed,
    CloseTie,
    Done,
    Failed,
    GoHome,
    OpenFeed,
    Outcome,
)
from node.client_interaction.behaviour import Conduct
from node.client_interaction.lift import Start
from node.client_interaction.status import State


class Phase(StrEnum):
    """Where a supply's two contacts are. On: feed first, then tie. Off: tie first, then feed."""

    STARTING = "starting"
    """Both open; the feed is asked to close."""
    CLOSED = "closed"
    """The feed is closed; the tie is asked to."""
    TIED = "tied"
    """Both closed: energy flows."""
    RETURNING = "returning"
    """The tie is asked to open; the feed is still held, for nothing may switch under load twice."""
    AT_HOME = "at home"
    """The tie is open; the feed opens with the last voucher."""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """One supply from its confirmed order to its open contacts."""

    order: str
    seller: str
    channel: int
    began: float
    """Boottime seconds."""

    phase: Phase = Phase.STARTING
    since: float = 0.0
    """Boottime seconds at which this phase began."""

    try_at: float = 0.0
    """Boottime seconds before which the phase's step is not tried (again)."""

    trouble: str = ""
    """Why the last try failed, as a clause."""

    hopeless: bool = False
    start: Start | None = None
    """Battery and meter when energy began to flow; None: it has not, or they were not known."""

    ending: str = ""
    """Why it ends, as a clause."""

    fault: Conduct | None = None
    """What went wrong with the seller or its line, so that it is left alone for a while; None: nothing."""

    def to(self, phase: Phase, now: float) -> Supply:
        """The next phase."""
        return replace(self, phase=phase, since=now, try_at=0.0, trouble="", hopeless=False)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Kept between decisions."""

    supply: Supply | None = None
    state: State = State.HOME
    since: float = 0.0
    """Unix seconds at which the household came to this state."""


def happened(memory: Memory, outcome: Outcome, now: float) -> Memory:
    """Take in what became of an act."""
    supply = memory.supply
    if supply is None:
        return memory
    match outcome:
        case Done(act=CloseFeed()) if supply.phase is Phase.STARTING:
            supply = supply.to(Phase.CLOSED, now)
        case Done(act=CloseTie()) if supply.phase is Phase.CLOSED:
            supply = supply.to(Phase.TIED, now)
        case Done(act=GoHome()) if supply.phase is Phase.RETURNING:
            supply = supply.to(Phase.AT_HOME, now)
        case Done(act=OpenFeed()):
            supply = replace(supply, hopeless=True)  # nothing left to try
        case Failed(act=CloseFeed() | CloseTie() | GoHome() | OpenFeed()):
            try_at = now + outcome.retry
            supply = replace(supply, try_at=try_at, trouble=outcome.why, hopeless=outcome.hopeless)
    return replace(memory, supply=supply)
