"""What can be wrong with a contact, each kind with a word of its own and a sentence for people.

A latched fault is kept, shown in STATE and told as "word: sentence".
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """Why a contact is out of service until somebody has looked at it."""

    STUCK_OPEN = "stuck-open"
    """It stays open although its coil should close it: worn out, blocked, or its wire is off."""

    WELDED = "welded"
    """It stays closed although its coil should open it, or power flows through it while it should be open."""

    SLOW = "slow"
    """It followed its coil in the end, but later than `follow` allows."""

    BOUNCING = "bouncing"
    """It opens and closes again and again under a steady coil: a loose wire, or too low a coil voltage."""

    HUNG = "hung"
    """Its pin driver does not return from a call: nobody knows how it stands."""

    HOME_CLOSED = "home-closed"
    """Home closed while a tie was closed."""

    OVERLOAD = "overload"
    """More power than its rating for too long."""

    METER = "meter"
    """Its meter counts backwards."""

    def told(self, sentence: str) -> str:
        """The fault as it is kept and shown."""
        return f"{self.value}: {sentence}"


STUCK = frozenset({Trouble.STUCK_OPEN, Trouble.WELDED})
"""What a contact that does not follow is taken for, until it follows after all."""

SENTENCES = {
    Trouble.STUCK_OPEN: "the contact stays open against its coil",
    Trouble.WELDED: "the contact stays closed against its coil",
    Trouble.BOUNCING: "the contact opens and closes again and again under a steady coil",
    Trouble.HUNG: "its pin driver does not return from a call: nobody knows how the contact stands",
}
"""Of what an auxiliary contact shows, or why none shows anything."""


def kind(fault: str) -> str:
    """The word that a latched fault begins with."""
    return fault.partition(":")[0]


def took(seconds: float) -> str:
    """The sentence of a contact that was slow."""
    return f"the contact took {seconds:.1f} s to follow its coil"


def replaces(found: Trouble, latched: str | None) -> bool:
    """Whether a trouble is latched: the first one stays, but what follows after all was slow, not stuck, and
    of what a driver hangs at nobody knows that it is stuck."""
    return latched is None or (found in {Trouble.SLOW, Trouble.HUNG} and kind(latched) in STUCK)
