"""Whether a contact follows its coil, by its auxiliary contact: what is wrong with it, if anything. Pure.

coil changes ──▶ apart ──follows──▶ agrees ──leaves again──▶ apart …
                   │ for `follow`                 │ three times in 10 s
                   ▼                              ▼
              stuck-open or welded             bouncing
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay_server.contacts.trouble import Trouble

BOUNCES = 3
"""Times that a contact leaves its place under a steady coil. A sound one settles once, within a few
milliseconds (Omron G5LE: 10 ms); vibration may shake it once."""

WINDOW = 10.0
"""Seconds in which they count together."""

LATE = 0.5
"""Of `follow`: a contact that took longer is told as slow before it is a fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Following:
    """One contact beside its coil, as seen so far."""

    energised: bool = False
    driven: float = 0.0
    """When the coil was last changed."""

    apart: float | None = None
    """Since when the contact stands against its coil; None: it does not."""

    agreed: float | None = None
    """Since when it stands as its coil would have it, without a break; without an auxiliary contact, since
    the coil was changed."""

    against: float | None = None
    """When it was last seen to stand against its coil, since that was changed."""

    falls: tuple[float, ...] = ()
    """When it left its place under a steady coil, lately."""

    def stands(self, now: float, seconds: float) -> bool:
        """Whether it has stood as its coil would have it for so long."""
        return self.agreed is not None and now - self.agreed >= seconds

    @property
    def arrived(self) -> float | None:
        """Seconds that the contact took at least, from the coil's change; None: it has not followed yet.

        Until it was last seen not to have followed, that is: a look that comes late, because the host is
        busy, says nothing about the contact.
        """
        if self.agreed is None or self.falls:
            return None
        return 0.0 if self.against is None else self.against - self.driven


def afresh(before: Following, now: float) -> Following:
    """After somebody has looked at it: only what is still so counts, and from now on."""
    apart = None if before.apart is None else now
    return Following(energised=before.energised, driven=now, apart=apart, agreed=before.agreed)


def look(
    before: Following,
    followed: bool | None,
    now: float,
    *,
    energised: bool,
    driven: float,
    unseen: bool = False,
) -> Following:
    """The same contact one look later.

    Args:
        followed: by the auxiliary contact; None where none is wired.
        driven: when the coil was last changed, if it was changed since the look before.
        unseen: nothing is known of it, wired or not: then it does not stand, but its time to follow begins
            when it is seen again.
    """
    if before.energised is not energised or driven > before.driven:
        before = Following(energised=energised, driven=driven)
    if unseen:
        return replace(before, apart=now, agreed=None)
    if followed is not False:
        if before.agreed is not None:
            return before
        # unwired, only the coil is known; an output that could not be driven until now counts from now
        known = before.driven if followed is None and before.apart is None else now
        return replace(before, apart=None, agreed=known)
    if before.agreed is None:
        apart = before.driven if before.apart is None else before.apart
        return replace(before, apart=apart, against=now)
    recent = tuple(fall for fall in before.falls if fall > now - WINDOW)
    return replace(before, apart=now, agreed=None, falls=(*recent, now))


def trouble(seen: Following, now: float, follow: float, *, normally_closed: bool = False) -> Trouble | None:
    """What is wrong with it; None: nothing, or nothing that has lasted long enough.

    Args:
        follow: seconds within which a contact has to follow.
        normally_closed: with its coil released the contact is closed, as home's.
    """
    if len(seen.falls) >= BOUNCES and seen.falls[-1] > now - WINDOW:
        return Trouble.BOUNCING
    if seen.apart is None or now - seen.apart < follow:
        return None
    return Trouble.STUCK_OPEN if seen.energised is not normally_closed else Trouble.WELDED


def slowly(before: Following, after: Following, follow: float) -> float | None:
    """Seconds that a contact took at least, if it has just arrived and took long; None otherwise."""
    waited = before.driven != after.driven or before.apart is not None
    took = after.arrived if waited else None
    return took if took is not None and took > LATE * follow else None
