"""The transfer: exactly one of home and the ties feeds the household's bus; between two of them, none.

    home ──close tie i──▶ leaving (home opens) ──open, dead time──▶ tie i
     ▲                        │ home stuck                            │ open, lease out, dead line, meter
     └──open, dead time── returning (tie opens) ◀─────────────────────┘ silent, tie dropped
                              │ tie stuck: fault, home stays open

Home's contact is normally closed: its coil is energised to open it. A source closes only after the other
has been open for `dead_time`: confirmed by its auxiliary contact without a break, else counted from the first
look after its coil was switched, for a host without a processor may switch it later than it was decided.
A contact that does not follow latches a fault, and its partner never closes. Going home is never delayed: the
tie's coil is released by the very decision that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from quantities import Power
from relay_server.acts import HOME, Act, Cycle, Drive, Latch, Tell
from relay_server.contacts import following, mending
from relay_server.contacts.following import Following
from relay_server.contacts.lasting import milliseconds, since
from relay_server.contacts.mending import Mending
from relay_server.contacts.trouble import SENTENCES, Trouble, replaces, took
from relay_server.messages import Answer, Code, Granted, Opened, Refused
from store.registers import Register

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

MINUTE = 60.0

NO_LOAD_FRACTION = 0.005
"""Of a tie's rating. Where no sense input is wired, a tie that carries less has no voltage, or no load that
would miss it: going home is right either way."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """The household lives on its own battery."""

    since: float


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Home's coil is energised; the tie waits until home is open."""

    tie: int
    since: float
    expires: float


@dataclass(frozen=True, kw_only=True)
class Tied:
    """A neighbour's line feeds the household."""

    tie: int
    since: float
    expires: float
    """The lease that the household's own client renews."""

    dead_since: float | None = None


@dataclass(frozen=True, kw_only=True)
class Returning:
    """Every tie's coil is released; home waits until the ties are open. So begins every boot."""

    since: float


Position: TypeAlias = Home | Leaving | Tied | Returning


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """The transfer at one moment."""

    ratings: Mapping[int, Power]
    """Of each tie, by its contact number."""

    position: Position
    departures: tuple[float, ...] = ()
    """When home was left, in the last minute."""

    why: str = "nothing was asked for yet"
    """Of the last return."""

    faults: Mapping[int, str] = field(default_factory=dict)
    """By contact; 0 is home."""

    following: Mapping[int, Following] = field(default_factory=dict)
    """How home's contact (0) and the ties' follow their coils."""

    mending: Mapping[int, Mending] = field(default_factory=dict)
    """Of those at which the pin driver hung in this life of the relay."""

    locks: Mapping[int, str] = field(default_factory=dict)
    """Why somebody locked it out, by contact; with 0, home, no tie closes."""

    @property
    def energised(self) -> frozenset[int]:
        """The contacts whose coils are energised: 0 with home open, a tie with that tie closed."""
        match self.position:
            case Home():
                return frozenset()
            case Leaving() | Returning():
                return frozenset({HOME})
            case Tied(tie=tie):
                return frozenset({HOME, tie})

    @property
    def changing(self) -> bool:
        """Between two sources, with neither closed."""
        return isinstance(self.position, Leaving | Returning)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is known when something is decided about the transfer."""

    now: float
    limits: RelaySettings
    began: float | None = None
    """When the look began that is over `now`; None: it took no time."""

    registers: Mapping[int, Register | None] = field(default_factory=dict)
    """The ties' meters."""

    followed: Mapping[int, bool | None] = field(default_factory=dict)
    """Of home (0) and the ties, by their auxiliary contacts; None where none is wired."""

    unseen: frozenset[int] = frozenset()
    """Those of which nothing is known, because the pin driver has not returned."""

    powered: Mapping[int, bool | None] = field(default_factory=dict)
    """Voltage on the line side of the ties; None where no sense input is wired."""


Step: TypeAlias = tuple[Transfer, list[Act]]
Reply: TypeAlias = tuple[Transfer, list[Act], Answer]


def close(transfer: Transfer, tie: int, at: Moment) -> Reply:
    """Leave home for a tie. A repeated CLOSE changes and renews nothing."""
    match transfer.position:
        case (Leaving() | Tied()) as there if there.tie == tie:
            return transfer, [], granted(there.expires, at.now)
        case Home():
            refusal = _kept_home(transfer, tie, at)
        case _:
            busy = Refused(code=Code.BUSY, text="the household is not at home: open that first")
            refusal = barred(transfer, tie) or busy
    if refusal:
        return transfer, [], refusal
    leaving = Leaving(tie=tie, since=at.now, expires=at.now + at.limits.lease)
    departures = (*_recent(transfer, at.now), at.now)
    acts: list[Act] = [
        Drive(contact=HOME, energised=True),
        Cycle(contact=HOME),
        Tell(event="leaving home", contact=tie),
    ]
    return replace(transfer, position=leaving, departures=departures), acts, granted(leaving.expires, at.now)


def keep(transfer: Transfer, tie: int, at: Moment) -> Reply:
    """Renew the lease of a tie."""
    match transfer.position:
        case (Leaving() | Tied()) as there if there.tie == tie:
            kept = replace(there, expires=at.now + at.limits.lease)
            return replace(transfer, position=kept), [], granted(kept.expires, at.now)
    return (
        transfer,
        [],
        barred(transfer, tie) or Refused(code=Code.ENDED, text=f"the tie is open: {transfer.why}"),
    )


def open_(transfer: Transfer, tie: int, at: Moment) -> Reply:
    """Go home from a tie; from anywhere else there is nothing to do."""
    match transfer.position:
        case (Leaving() | Tied()) as there if there.tie == tie:
            home, acts = go_home(transfer, "the household asked for it", at.now)
            return home, acts, Opened()
    return transfer, [], Opened()


def lock(transfer: Transfer, contact: int, reason: str, now: float) -> Step:
    """Go home from a locked tie, or from any when home itself is locked; only `unlock` ends it."""
    locked = replace(transfer, locks={**transfer.locks, contact: reason})
    there = transfer.position
    if isinstance(there, Leaving | Tied) and contact in (HOME, there.tie):
        return go_home(locked, locked_out(contact, reason), now)
    return locked, []


def unlock(transfer: Transfer, contact: int) -> Transfer:
    """Take a lock-out off; the household stays at home until its client asks."""
    return replace(transfer, locks={c: why for c, why in transfer.locks.items() if c != contact})


def hung(transfer: Transfer, contact: int, now: float) -> Step:
    """Latch that the pin driver does not return from this contact; with it in use the household goes home."""
    latched, known = transfer.faults.get(contact), transfer.mending.get(contact, Mending())
    transfer, acts = _fault(transfer, contact, Trouble.HUNG, SENTENCES[Trouble.HUNG])
    if acts:
        hangs = {**transfer.mending, contact: mending.hung(known, latched, now)}
        transfer = replace(transfer, mending=hangs)
    there = transfer.position
    if acts and isinstance(there, Leaving | Tied) and contact in (HOME, there.tie):
        transfer, more = go_home(transfer, transfer.faults[contact], now)
        acts += more
    return transfer, acts


def cleared(transfer: Transfer, contact: int, now: float) -> Transfer:
    """The transfer after somebody has looked at a fault; it is found again if it is still there."""
    faults = {number: fault for number, fault in transfer.faults.items() if number != contact}
    seen = transfer.following.get(contact)
    fresh = {contact: following.afresh(seen, now)} if seen else {}
    hangs = {number: known for number, known in transfer.mending.items() if number != contact}
    return replace(transfer, faults=faults, following={**transfer.following, **fresh}, mending=hangs)


def barred(transfer: Transfer, tie: int) -> Refused | None:
    """Why a tie does not close, by a lock-out or a latched fault of its own or of home."""
    for contact in (tie, HOME):
        if (reason := transfer.locks.get(contact)) is not None:
            return Refused(code=Code.LOCKED, text=locked_out(contact, reason))
    fault = transfer.faults.get(tie) or transfer.faults.get(HOME)
    return Refused(code=Code.FAULT, text=fault) if fault else None


def locked_out(contact: int, reason: str) -> str:
    """What whoever asks for a locked contact is told."""
    name = "home" if contact == HOME else f"tie {contact}"
    return f"{name} is locked out: {reason}"


def go_home(transfer: Transfer, why: str, now: float) -> Step:
    """Release the tie's coil now; home follows once the tie is open."""
    match transfer.position:
        case Home() | Returning():
            return transfer, []
        case Leaving(tie=tie) | Tied(tie=tie):
            acts: list[Act] = [
                Drive(contact=tie, energised=False),
                Tell(event="going home", contact=tie, facts={"why": why}),
            ]
            return replace(transfer, position=Returning(since=now), why=why), acts


def tick(transfer: Transfer, at: Moment) -> Step:
    """One turn of the safety loop."""
    transfer, seen = _seen(transfer, at)
    transfer, acts = _moved(transfer, at)
    transfer, mended = _mended(transfer, at)
    return transfer, seen + acts + mended


def _moved(transfer: Transfer, at: Moment) -> Step:
    match transfer.position:
        case Home():
            return _at_home(transfer, at)
        case Leaving() as leaving:
            return _leaving(transfer, leaving, at)
        case Tied() as tied:
            return _tied(transfer, tied, at)
        case Returning() as returning:
            return _returning(transfer, returning, at)


def granted(expires: float, now: float) -> Granted:
    """What the household's client is answered."""
    left = milliseconds(expires - now)
    return Granted(lease_ms=left, until_ms=left, meter_mwh=0)


def _kept_home(transfer: Transfer, tie: int, at: Moment) -> Refused | None:
    assert isinstance(transfer.position, Home)  # noqa: S101 - asked for at home only
    if refused := barred(transfer, tie):
        return refused
    if at.unseen:
        return Refused(code=Code.BUSY, text="the pin driver does not answer", retry_ms=1_000)
    if any(at.followed.get(other) is False for other in transfer.ratings):
        return Refused(code=Code.FAULT, text="a tie does not stand open, as it should at home")
    wait = transfer.position.since + at.limits.dwell - at.now
    recent = _recent(transfer, at.now)
    if len(recent) >= at.limits.cycles_per_minute:
        wait = max(wait, recent[-at.limits.cycles_per_minute] + MINUTE - at.now)
    if wait > 0:
        return Refused(code=Code.DWELL, text="home was reached too recently", retry_ms=int(wait * 1_000) + 1)
    return None


def _recent(transfer: Transfer, now: float) -> tuple[float, ...]:
    return tuple(left for left in transfer.departures if left > now - MINUTE)


def _at_home(transfer: Transfer, at: Moment) -> Step:
    """All coils released: any auxiliary contact that says otherwise is a fault of its contact.

    Home is not opened for it: a broken wire to an auxiliary contact would leave the household dark.
    """
    acts: list[Act] = []
    for contact in (HOME, *transfer.ratings):
        if found := _trouble(transfer, contact, at):
            transfer, more = _fault(transfer, contact, found, SENTENCES[found])
            acts += more
    return transfer, acts


def _leaving(transfer: Transfer, leaving: Leaving, at: Moment) -> Step:
    if at.now >= leaving.expires:
        return go_home(transfer, "the lease ran out", at.now)
    if _is_open(transfer, HOME, leaving.since, at):
        tied = Tied(tie=leaving.tie, since=at.now, expires=leaving.expires)
        acts: list[Act] = [
            Drive(contact=leaving.tie, energised=True),
            Cycle(contact=leaving.tie),
            Tell(event="tie closed", contact=leaving.tie),
        ]
        return replace(transfer, position=tied), acts
    if found := _trouble(transfer, HOME, at):
        return _home_with(transfer, HOME, found, SENTENCES[found], at.now)
    return transfer, []


def _tied(transfer: Transfer, tied: Tied, at: Moment) -> Step:
    if at.now >= tied.expires:
        return go_home(transfer, "the lease ran out", at.now)
    if at.followed.get(HOME) is False:
        sentence = "home closed while a tie was closed"
        return _home_with(transfer, HOME, Trouble.HOME_CLOSED, sentence, at.now)
    register = at.registers.get(tied.tie)
    if register is None or at.now - register.sampled > at.limits.stale_meter:
        return go_home(transfer, "the tie's meter is silent", at.now)
    dead = since(tied.dead_since, _is_dead(transfer, tied, register, at), at.now)
    if dead is not None and at.now - dead >= at.limits.dead_line:
        return go_home(transfer, "the line has no voltage", at.now)
    if found := _trouble(transfer, tied.tie, at):
        return _home_with(transfer, tied.tie, found, SENTENCES[found], at.now)
    return replace(transfer, position=replace(tied, dead_since=dead)), []


def _returning(transfer: Transfer, returning: Returning, at: Moment) -> Step:
    closed = [tie for tie in transfer.ratings if not _is_open(transfer, tie, returning.since, at)]
    if not closed:
        home = replace(transfer, position=Home(since=at.now))
        return home, [
            Drive(contact=HOME, energised=False),
            Tell(event="home", contact=HOME, facts={"why": transfer.why}),
        ]
    acts: list[Act] = []
    for tie in closed:
        if found := _trouble(transfer, tie, at):
            transfer, more = _fault(transfer, tie, found, f"{SENTENCES[found]}: home is kept open")
            acts += more
    return transfer, acts


def _is_open(transfer: Transfer, contact: int, since: float, at: Moment) -> bool:
    """Confirmed open for the dead time, where an auxiliary contact is wired; that time over in any case."""
    seen = transfer.following[contact]
    return at.now - since >= at.limits.dead_time and seen.stands(at.now, at.limits.dead_time)


def _trouble(transfer: Transfer, contact: int, at: Moment) -> Trouble | None:
    seen = transfer.following[contact]
    return following.trouble(seen, at.now, at.limits.follow, normally_closed=contact == HOME)


def _seen(transfer: Transfer, at: Moment) -> Step:
    """Compare every contact with its coil; one that follows late is told so."""
    acts: list[Act] = []
    now, energised, changed = at.now, transfer.energised, dict[int, Following]()
    for contact in (HOME, *transfer.ratings):
        coil = contact in energised
        unseen = Following(energised=coil, driven=transfer.position.since)
        before = transfer.following.get(contact, unseen)
        driven = transfer.position.since if coil is not before.energised else before.driven
        seen = following.look(
            before,
            at.followed.get(contact),
            now,
            energised=coil,
            driven=driven,
            unseen=contact in at.unseen,
            began=at.began,
        )
        if seen is not transfer.following.get(contact):
            changed[contact] = seen
        late = following.slowly(before, seen, at.limits.follow)
        if late is not None:
            acts.append(Tell(event="contact slow", contact=contact, facts={"ms": milliseconds(late)}))
        if late is not None and before.lags(at.limits.follow):
            transfer, more = _fault(transfer, contact, Trouble.SLOW, took(late))
            acts += more
    return replace(transfer, following={**transfer.following, **changed}) if changed else transfer, acts


def _mended(transfer: Transfer, at: Moment) -> Step:
    """One look more at whether hangs of the pin driver are over; see `mending`."""
    acts: list[Act] = []
    for contact, known in transfer.mending.items():
        agrees = at.followed.get(contact) is True and contact not in at.unseen
        after = mending.look(known, agrees, at.now)
        if after is known:
            continue
        energised, fault = contact in transfer.energised, transfer.faults[contact]
        acts += mending.acts(known, after, contact, fault, energised=energised)
        transfer = replace(transfer, mending={**transfer.mending, contact: after})
        if mending.over(known, after):
            faults = {number: fault for number, fault in transfer.faults.items() if number != contact}
            transfer = replace(transfer, faults=faults)
    return transfer, acts


def _is_dead(transfer: Transfer, tied: Tied, register: Register, at: Moment) -> bool:
    """No voltage by the sense input; without one, a sample since closing that shows no power."""
    powered = at.powered.get(tied.tie)
    if powered is not None:
        return not powered
    return register.sampled > tied.since and register.power < NO_LOAD_FRACTION * transfer.ratings[tied.tie].mw


def _fault(transfer: Transfer, contact: int, trouble: Trouble, sentence: str) -> Step:
    known = transfer.mending.get(contact, Mending())
    waits = known.waits and trouble is not Trouble.HUNG  # of a hang alone nobody knows more than that
    if not waits and not replaces(trouble, transfer.faults.get(contact)):
        return transfer, []
    if waits:
        transfer = replace(transfer, mending={**transfer.mending, contact: mending.broken(known)})
    fault = trouble.told(sentence)
    acts: list[Act] = [
        Latch(contact=contact, fault=fault),
        Tell(event="fault", contact=contact, facts={"why": fault}),
    ]
    return replace(transfer, faults={**transfer.faults, contact: fault}), acts


def _home_with(transfer: Transfer, contact: int, trouble: Trouble, sentence: str, now: float) -> Step:
    """Latch a fault, and go home because of it."""
    transfer, acts = _fault(transfer, contact, trouble, sentence)
    home, more = go_home(transfer, transfer.faults[contact], now)
    return home, acts + more
