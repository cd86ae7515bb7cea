"""Contacts that take time to move, may weld, and forget everything when the coil loses its power.

A contact leaves its old position sooner than it reaches the new one, as relays do: when a whole relay board
loses power, every tie is open before home closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.world.spec import ContactSpec

BREAKS = 0.010
"""Seconds from a change of the coil to an open contact."""

MAKES = 0.030
"""Seconds from a change of the coil to a closed contact."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact at one moment."""

    closed: bool
    energised: bool = False
    since: float = 0.0
    """World seconds of the coil's last change."""

    stuck: bool = False
    """Welded or broken: it does not follow its coil any more."""


def at_rest(spec: ContactSpec) -> Contact:
    """The contact with its coil without power."""
    return Contact(closed=spec.normally_closed)


def drive(contact: Contact, energised: bool, now: float) -> Contact:
    """Give the coil power, or take it away."""
    if contact.energised == energised:
        return contact
    return replace(contact, energised=energised, since=now)


def move(spec: ContactSpec, contact: Contact, now: float) -> Contact:
    """The contact at `now`, following its coil after its delay."""
    wanted = contact.energised != spec.normally_closed
    if contact.closed == wanted or contact.stuck:
        return contact
    if now - contact.since < (MAKES if wanted else BREAKS) - 1e-9:
        return contact
    return replace(contact, closed=wanted)
