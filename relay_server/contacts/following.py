"""Whether a contact follows its coil, by its auxiliary contact: what is wrong with it, if anything. Pure.

coil changes ──▶ apart ──follows──▶ agrees ──leaves again──▶ apart …
                   │ for `follow`, by two looks   │ three times in 10 s
                   ▼                              ▼
              stuck-open or welded             bouncing

A look takes from `began` to `now`, and a host that has no processor for a relay makes seconds of that: what
it shows was so at some time in between. So what is held against a contact counts from the earlier end, what
speaks for it from the later one: no late look makes a fault, and none makes a dead time shorter.
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
"""Of `follow`: a contact that took longer is told as slow before it is a fault. A sound one has settled by
then, so it is also how far apart the two looks are that call a contact stuck: the first may have come just
when its coil was driven at last."""


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
    the first look after the coil was changed."""

    doubted: float | None = None
    """When the first look was over of those in a row that show it against its coil."""

    against: float | None = None
    """When the last look began that showed it against its coil, since that was changed."""

    falls: tuple[float, ...] = ()
    """When it left its place under a steady coil, lately."""

    def stands(self, now: float, seconds: float) -> bool:
        """Whether it has stood as its coil would have it for so long."""
        return self.agreed is not None and now - self.agreed >= seconds

    def lags(self, follow: float) -> bool:
        """Whether it has stood against its coil for `follow`, by two looks between which it should settle."""
        if self.apart is None or self.doubted is None or self.against is None:
            return False
        return self.against - self.apart >= follow and self.against - self.doubted >= LATE * follow


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
    began: float | None = None,
) -> Following:
    """The same contact one look later.

    Args:
        followed: by the auxiliary contact; None where none is wired.
        now: when the look was over.
        driven: when the coil was last changed, if it was changed since the look before.
        unseen: nothing is known of it, wired or not: then it does not stand, but its time to follow begins
            when it is seen again.
        began: when the look began; None: it took no time.
    """
    began = now if began is None else began
    if before.energised is not energised or driven > before.driven:
        before = Following(energised=energised, driven=driven)
    if unseen:
        return replace(before, apart=now, agreed=None, doubted=None)
    if followed is not False:
        return before if before.agreed is not None else replace(before, apart=None, agreed=now, doubted=None)
    if before.agreed is None:
        apart = before.driven if before.apart is None else before.apart
        doubted = now if before.doubted is None else before.doubted
        return replace(before, apart=apart, doubted=doubted, against=began)
    recent = tuple(fall for fall in before.falls if fall > now - WINDOW)
    return replace(before, apart=now, agreed=None, doubted=now, against=began, falls=(*recent, now))


def trouble(seen: Following, now: float, follow: float, *, normally_closed: bool = False) -> Trouble | None:
    """What is wrong with it; None: nothing, or nothing that has lasted long enough.

    Args:
        follow: seconds within which a contact has to follow.
        normally_closed: with its coil released the contact is closed, as home's.
    """
    if len(seen.falls) >= BOUNCES and seen.falls[-1] > now - WINDOW:
        return Trouble.BOUNCING
    if not seen.lags(follow):
        return None
    return Trouble.STUCK_OPEN if seen.energised is not normally_closed else Trouble.WELDED


def slowly(before: Following, after: Following, follow: float) -> float | None:
    """Seconds that a contact took at least, if it has just arrived and took long; None otherwise.

    Until it was last seen not to have followed, that is: a look that comes late, because the host is busy,
    says nothing about the contact. It is a fault if the contact `lags` by the look before.
    """
    arrived = after.agreed is not None and after.driven == before.driven and not after.falls
    if not arrived or before.apart is None or before.against is None:
        return None
    took = before.against - before.apart
    return took if took > LATE * follow else None
