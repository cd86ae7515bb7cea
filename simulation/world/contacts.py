"""Contacts that take time to move, break in five ways, and let go when the coil loses its power.

A contact leaves its old position sooner than it reaches the new one, as relays do: when a whole relay board
loses power, every tie is open before home closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.world.spec import ContactSpec, Defect

BREAKS = 0.010
"""Seconds from a change of the coil to an open contact."""

MAKES = 0.030
"""Seconds from a change of the coil to a closed contact."""

SLOW = 0.8
"""Seconds that a slow contact takes longer, if nothing else is said: more than a relay server waits for."""

CHATTER = 0.030
"""Seconds for which a bouncing contact, which should be closed, is closed and then open."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact at one moment."""

    closed: bool
    energised: bool = False
    since: float = 0.0
    """World seconds of the coil's last change."""

    defect: Defect | None = None
    slower: float = SLOW
    """Seconds that it takes longer when it is slow."""


def at_rest(spec: ContactSpec) -> Contact:
    """The contact with its coil without power."""
    return Contact(closed=spec.normally_closed, defect=spec.defect)


def drive(contact: Contact, energised: bool, now: float) -> Contact:
    """Give the coil power, or take it away."""
    if contact.energised == energised:
        return contact
    return replace(contact, energised=energised, since=now)


def move(spec: ContactSpec, contact: Contact, now: float) -> Contact:
    """The contact at `now`, following its coil after its delay."""
    wanted = contact.energised != spec.normally_closed
    passed = now - contact.since - (MAKES if wanted else BREAKS) + 1e-9
    match contact.defect:
        case "stuck":
            return contact
        case "stuck-open" if wanted and not contact.closed:
            return contact
        case "welded" if contact.closed:
            return contact
        case "slow":
            passed -= contact.slower
        case "bouncing" if wanted and passed >= 0:
            wanted = int(passed / CHATTER) % 2 == 0
    if contact.closed == wanted or passed < 0:
        return contact
    return replace(contact, closed=wanted)
