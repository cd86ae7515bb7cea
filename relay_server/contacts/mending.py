"""A contact at which the pin driver hung and came back: when it is in service again by itself. Pure.

hung ──it is seen, and its auxiliary contact agrees──▶ mending ──10 s and 50 looks in a row──▶ in service
                                             coil driven again │ a look that shows otherwise, or nothing
                                                               └──▶ from the beginning

As an automatic recloser it waits, has proof, and gives up. The proof is the contact's own, with its coil
driven once more: that a driver returns from its call says as little as that it did not. So one without
auxiliary contact waits for a person, as does one that was found broken as well, one that hangs a third time
within the hour, and one that had hung before the relay was started. Sense inputs prove nothing here: they are
on the supply's side of a contact, and alive however that stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay_server.acts import Act, Drive, Latch, Tell

AGREED = 10.0
"""Seconds: a lease and a dwell are over by then, so it comes back in the middle of nothing."""

LOOKS = 50
"""In that time, of the 125 that a host in good order makes: one that is starved waits until it is not."""

TIMES = 2
"""That a contact comes back by itself within `WITHIN`: what hangs again and again has a cause."""

WITHIN = 3_600.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mending:
    """One contact's way back."""

    waits: bool = False
    """Whether the latched fault is a hang, and one that may clear itself."""

    since: float | None = None
    """When the first look was over of those in a row that agree; None: the last one did not."""

    looks: int = 0
    """In that row."""

    back: tuple[float, ...] = ()
    """When it came back by itself, lately."""


def hung(before: Mending, latched: str | None, now: float) -> Mending:
    """The driver hangs at the contact; `latched` is the fault that this has already."""
    lately = tuple(at for at in before.back if at > now - WITHIN)
    return Mending(waits=latched is None and len(lately) < TIMES, back=lately)


def broken(before: Mending) -> Mending:
    """Something else is wrong with it: it waits for a person."""
    return replace(before, waits=False)


def look(before: Mending, agrees: bool, now: float) -> Mending:
    """The same one look later.

    Args:
        agrees: the auxiliary contact shows it as its coil would have it, and nothing speaks against that.
        now: when the look was over.
    """
    if not before.waits:
        return before
    if not agrees:
        return before if before.since is None else replace(before, since=None, looks=0)
    since = now if before.since is None else before.since
    if before.looks + 1 < LOOKS or now - since < AGREED:
        return replace(before, since=since, looks=before.looks + 1)
    return Mending(back=(*before.back, now))


def over(before: Mending, after: Mending) -> bool:
    """Whether that look was the last that it took."""
    return len(after.back) > len(before.back)


def acts(before: Mending, after: Mending, contact: int, fault: str, *, energised: bool) -> list[Act]:
    """What that look asks for: the first of a row to drive the coil to where it is, the last to tell."""
    if not over(before, after):
        begins = before.since is None and after.since is not None
        return [Drive(contact=contact, energised=energised)] if begins else []
    why = f"the pin driver answers, and the auxiliary contact has agreed for {AGREED:g} s"
    return [
        Latch(contact=contact, fault=None),
        Tell(event="fault cleared", contact=contact, facts={"why": why, "fault": fault}),
    ]
