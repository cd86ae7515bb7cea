"""A feed: the seller's money gate. Closed only for a funded order, held by a lease, opened by all else.

    open ──close──▶ closed ──keep──▶ closed (lease renewed)
      ▲               │ announced end, order used up
      │               ▼
      └─ lease out ─ ending           faulted: open until somebody clears the fault
         meter silent, gap, chain     unpaid: a mark on the buyer's account, not on the feed

Whether the order is good on chain is `authorisation`'s; here it has been found good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantities import Energy, Power
from relay_server.accounts import Account, Order, delivered, vouchered
from relay_server.acts import Act, Baseline, Cycle, Drive, Latch, Save, Tell
from relay_server.contacts.lasting import since
from relay_server.lease import judged, keeps_pace, uncounted
from relay_server.messages import Answer, Code, Granted, Opened, Refused
from store.registers import Register

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

FOREVER = 31 * 86_400.0
"""Seconds: "no end is known" on the wire."""

LEAK_FRACTION = 0.05
"""Of the rating: power through an open feed above this is no sensor offset (INA219: ±1 % of full scale)."""

TAIL = 0.2
"""Seconds after opening until everything that passed is in the meter's next sample."""

USED_UP = "the order is used up"


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Whose energy the meter counts, and how long the feed stays closed for it."""

    account: Account
    order: Order
    forward: int
    """mWh on the meter, as last counted."""

    sampled: float
    """Of that reading."""

    expires: float
    """The lease: by then the feed must be open."""

    ends: float = float("inf")
    """The announced end."""

    why: str = ""
    """Of the announced end."""

    over_since: float | None = None
    """First of the samples in a row above the rating."""

    opened: float | None = None
    """When the feed opened; the supply stays until the last sample is counted."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One feed contact at one moment."""

    contact: int
    rating: Power
    supply: Supply | None = None
    driven: float = 0.0
    """When the coil was last changed."""

    why: str = "nothing was asked for yet"
    """Of the last opening."""

    fault: str | None = None
    locked: str | None = None
    """Why somebody locked it out; None: nobody did."""

    unfollowed_since: float | None = None
    leak_since: float | None = None

    @property
    def live(self) -> Supply | None:
        """The supply that holds the feed closed; None: it is open."""
        return self.supply if self.supply and self.supply.opened is None else None

    @property
    def closed(self) -> bool:
        """Whether the coil is energised."""
        return self.live is not None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is known when something is decided about a feed."""

    now: float
    limits: RelaySettings
    register: Register | None
    """The feed's meter; None when there is none of this boot."""

    followed: bool | None = None
    """By the auxiliary contact; None where it is not wired."""

    over: str | None = None
    """What a fresh head says against the running order (closing, settled, gone, past its end), or None."""

    @property
    def reads(self) -> bool:
        """Whether the meter is read often enough to supply by it."""
        return self.register is not None and self.now - self.register.sampled <= self.limits.stale_meter


Step = tuple[Feed, list[Act]]
Reply = tuple[Feed, list[Act], Answer]


def check(feed: Feed, account: Account, at: Moment) -> Refused | None:
    """Why this buyer would not be supplied now, whatever the order; None: it would be."""
    live = feed.live
    if feed.locked is not None:
        return Refused(code=Code.LOCKED, text=locked_out(feed.contact, feed.locked))
    if feed.fault:
        return Refused(code=Code.FAULT, text=f"contact {feed.contact}: {feed.fault}")
    if live and live.account.buyer != account.buyer:
        wait = milliseconds(live.expires - at.now)
        return Refused(code=Code.BUSY, text="another household is supplied", retry_ms=wait)
    if account.unpaid or not keeps_pace(account, feed.rating, 0.0, at.limits):
        return Refused(
            code=Code.UNPAID,
            text=f"{account.gap} delivered here are not vouchered for: sign for them, or ask the seller",
        )
    if not at.reads:
        return Refused(code=Code.METER_GAP, text="the feed's meter is silent", retry_ms=1_000)
    return None


def close(feed: Feed, account: Account, order: Order, at: Moment) -> Reply:
    """Close for an order that the chain confirms. A repeated CLOSE changes and renews nothing."""
    refusal = check(feed, account, at) or _spent(order) or _taken(feed, order, at.now)
    if refusal:
        return feed, [], refusal
    if feed.live:
        return feed, [], granted(feed.live, at.now)
    assert at.register is not None  # noqa: S101 - a feed without a reading is refused by `check`
    supply = Supply(
        account=account,
        order=order,
        forward=at.register.forward,
        sampled=at.register.sampled,
        expires=at.now + at.limits.lease,
    )
    acts: list[Act] = [
        Save(account=account, order=order, urgent=True),
        Baseline(contact=feed.contact, order=order.id, forward=supply.forward),
        Drive(contact=feed.contact, energised=True),
        Cycle(contact=feed.contact),
        Tell(
            event="feed closed",
            contact=feed.contact,
            facts={"order": order.id.hex(), "buyer": order.buyer, "register_mwh": supply.forward},
        ),
    ]
    closed = replace(feed, supply=supply, driven=at.now, unfollowed_since=None, leak_since=None)
    return closed, acts, granted(supply, at.now)


def recovered(feed: Feed, account: Account, order: Order, forward: int, now: float) -> Feed:
    """A feed at boot that was closed when the relay died: what passed since then is this buyer's.

    Args:
        forward: mWh on the meter when it was last kept.
        now: of the boot, with every coil released.
    """
    supply = Supply(
        account=account, order=order, forward=forward, sampled=float("-inf"), expires=now, opened=now
    )
    return replace(feed, supply=supply, driven=now, why="the relay was started anew")


def pay(
    account: Account, order: Order, energy: Energy, signature: bytes, *, rating: Power, limits: RelaySettings
) -> tuple[Account, Order] | Refused:
    """Take a voucher that the buyer has signed, whether supplied or not."""
    if energy > order.energy:
        return Refused(code=Code.ENDED, text=f"the order is for {order.energy}: no voucher goes beyond it")
    account, order = vouchered(account, order, energy, signature)
    return judged(account, rating, limits), order


def keep(feed: Feed, account: Account, order: Order, at: Moment) -> Reply:
    """Renew the lease, the frame's voucher having been taken by `pay`.

    Args:
        account: after the voucher.
        order: the one that the frame names, after the voucher; a successor takes over here.
    """
    acts: list[Act] = [Save(account=account, order=order)]
    feed = accounted(feed, account, order)
    live = feed.live
    if live is None or live.account.buyer != account.buyer:
        code = _why_open(feed, account)
        return feed, acts, Refused(code=code, text=f"you are not supplied: {feed.fault or feed.why}")
    if live.order.id == order.id:
        live = replace(live, account=account, order=order)
    elif not live.order.full:
        rest = live.order.energy - live.order.vouchered
        return feed, acts, Refused(code=Code.BUSY, text=f"the order before has {rest} left to sign for")
    elif refusal := _spent(order):
        return feed, acts, refusal
    else:
        acts += _handing_over(feed, live, account)
        ends, why = (float("inf"), "") if live.why == USED_UP else (live.ends, live.why)
        live = replace(live, account=account, order=order, ends=ends, why=why)
    feed = replace(feed, supply=live)
    if not at.reads:
        opened, more = opening(feed, "the feed's meter is silent", at.now)
        return opened, acts + more, Refused(code=Code.METER_GAP, text=opened.why)
    if not keeps_pace(account, feed.rating, uncounted(at.now - live.sampled, at.limits), at.limits):
        opened, more = opening(feed, _behind(account), at.now, unpaid=True)
        return opened, acts + more, Refused(code=Code.METER_GAP, text=opened.why)
    kept = _ending(live, USED_UP, at) if order.full else replace(live, expires=at.now + at.limits.lease)
    return replace(feed, supply=kept), acts, granted(kept, at.now)


def open_(feed: Feed, account: Account, order: Order, at: Moment) -> Reply:
    """Open for the buyer, the frame's voucher having been taken; the order is over with it."""
    ended = replace(order, ended=True)
    supply = feed.supply
    if supply and supply.order.id == order.id:
        feed = replace(feed, supply=replace(supply, account=account, order=ended))
        if feed.live:
            opened, acts = opening(feed, "the buyer opened it", at.now)
            return opened, acts, Opened()
    elif supply and supply.account.buyer == account.buyer:
        feed = replace(feed, supply=replace(supply, account=account))
    return feed, [Save(account=account, order=ended, urgent=True)], Opened()


def announce(feed: Feed, at: Moment) -> Reply:
    """The owner wants it open: the buyer hears so with its next KEEP, and then it opens."""
    if feed.live is None:
        return feed, [], Opened()
    ending = replace(feed, supply=_ending(feed.live, "the seller ended it", at))
    return ending, [Tell(event="feed ending", contact=feed.contact)], Opened()


def tick(feed: Feed, at: Moment) -> Step:
    """One turn of the safety loop."""
    feed, counted = _counted(feed, at)
    feed, watched = _watched(feed, feed.live, at) if feed.live else _at_rest(feed, at)
    feed, checked = _followed(feed, at)
    return feed, counted + watched + checked


def opening(feed: Feed, why: str, now: float, *, unpaid: bool = False, ended: bool = False) -> Step:
    """Open, whatever was; the account goes to disk before anybody is answered."""
    acts: list[Act] = [Drive(contact=feed.contact, energised=False)]
    facts: dict[str, str | int] = {"why": why}
    supply = feed.supply
    if supply:
        account = replace(supply.account, unpaid=supply.account.unpaid or unpaid)
        order = replace(supply.order, ended=supply.order.ended or ended)
        supply = replace(supply, account=account, order=order, opened=now)
        acts.append(Save(account=account, order=order, urgent=True))
        facts |= {
            "order": order.id.hex(),
            "delivered_mwh": order.delivered.mwh,
            "vouchered_mwh": order.vouchered.mwh,
        }
    acts.append(Tell(event="feed open", contact=feed.contact, facts=facts))
    return replace(feed, supply=supply, driven=now, why=why, unfollowed_since=None), acts


def faulted(feed: Feed, fault: str, now: float) -> Step:
    """Open, and stay so until somebody has looked."""
    acts: list[Act] = []
    if feed.live:
        feed, acts = opening(feed, fault, now)
    acts += [
        Drive(contact=feed.contact, energised=False),
        Latch(contact=feed.contact, fault=fault),
        Tell(event="fault", contact=feed.contact, facts={"why": fault}),
    ]
    return replace(feed, fault=fault), acts


def lock(feed: Feed, reason: str, now: float) -> Step:
    """Open at once, and stay so whoever commands otherwise. Only `unlock` ends it."""
    acts: list[Act] = []
    if feed.live:
        feed, acts = opening(feed, locked_out(feed.contact, reason), now)
    return replace(feed, locked=reason), acts


def unlock(feed: Feed) -> Feed:
    """Take the lock-out off; the feed stays open until it is asked for."""
    return replace(feed, locked=None)


def locked_out(contact: int, reason: str) -> str:
    """What whoever asks for a locked contact is told."""
    return f"contact {contact} is locked out: {reason}"


def granted(supply: Supply, now: float) -> Granted:
    """What the supplied buyer is answered; the order's end on chain may lower `until_ms` still."""
    return Granted(
        lease_ms=milliseconds(supply.expires - now),
        until_ms=milliseconds(min(supply.ends - now, FOREVER)),
        meter_mwh=supply.order.delivered.mwh,
    )


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, never below nothing, never more than is left."""
    return max(int(seconds * 1_000), 0)


def _why_open(feed: Feed, account: Account) -> Code:
    if feed.locked is not None:
        return Code.LOCKED
    if feed.fault:
        return Code.FAULT
    return Code.UNPAID if account.unpaid else Code.ENDED


def _spent(order: Order) -> Refused | None:
    if order.ended or order.settled:
        return Refused(code=Code.ENDED, text="this order has been ended: buy a new one")
    if order.full:
        return Refused(code=Code.ENDED, text=USED_UP)
    return None


def _taken(feed: Feed, order: Order, now: float) -> Refused | None:
    """A supply of this buyer's other order, or one that is still being counted."""
    if feed.supply is None or (feed.live and feed.live.order.id == order.id):
        return None
    if feed.live is None:
        return Refused(code=Code.BUSY, text="the meter is still counting the last supply", retry_ms=250)
    return Refused(
        code=Code.BUSY,
        text="you are supplied under another order: name this one in KEEP once that is used up",
        retry_ms=milliseconds(feed.live.expires - now),
    )


def accounted(feed: Feed, account: Account, order: Order) -> Feed:
    """What was signed for also counts in the supply that the meter goes on counting, or is counting up."""
    supply = feed.supply
    if supply is None or supply.account.buyer != account.buyer:
        return feed
    named = order if supply.order.id == order.id else supply.order
    return replace(feed, supply=replace(supply, account=account, order=named))


def _behind(account: Account) -> str:
    return f"the vouchers are {account.gap} behind the seller's meter"


def _ending(supply: Supply, why: str, at: Moment) -> Supply:
    """An earlier announcement stands; an end is never put off."""
    if supply.ends <= at.now + at.limits.grace:
        return supply
    return replace(supply, ends=at.now + at.limits.grace, why=why)


def _handing_over(feed: Feed, live: Supply, account: Account) -> list[Act]:
    return [
        Save(account=account, order=replace(live.order, ended=True), urgent=True),
        Tell(event="feed rolled over", contact=feed.contact, facts={"before": live.order.id.hex()}),
    ]


def _counted(feed: Feed, at: Moment) -> Step:
    """Add what the meter counted since the last sample to the buyer's account."""
    supply, register = feed.supply, at.register
    if supply is None or register is None or register.sampled <= supply.sampled:
        return feed, []
    risen = Energy(register.forward - supply.forward)
    fresh = replace(supply, forward=register.forward, sampled=register.sampled)
    if risen < Energy(0):
        feed = replace(feed, supply=fresh)
        return faulted(feed, f"its meter fell back by {-risen}", at.now) if feed.live else (feed, [])
    account, order = delivered(supply.account, supply.order, risen)
    account = judged(account, feed.rating, at.limits)
    acts: list[Act] = [
        Save(account=account, order=order),
        Baseline(contact=feed.contact, order=order.id, forward=register.forward),
    ]
    return replace(feed, supply=replace(fresh, account=account, order=order)), acts if risen else []


def _watched(feed: Feed, live: Supply, at: Moment) -> Step:
    """Everything that opens a closed feed, the most pressing first."""
    if at.now >= live.expires:
        return opening(feed, "the lease ran out", at.now)
    over = at.over or (live.why if at.now >= live.ends else None)
    if over:
        return opening(feed, over, at.now, ended=True)
    if at.register is None or not at.reads:
        return opening(feed, "the feed's meter is silent", at.now)
    if not keeps_pace(live.account, feed.rating, uncounted(at.now - live.sampled, at.limits), at.limits):
        return opening(feed, _behind(live.account), at.now, unpaid=True)
    began = since(live.over_since, at.register.power > feed.rating.mw, at.register.sampled)
    if began is not None and at.register.sampled - began >= at.limits.overload:
        power = Power(at.register.power)
        return faulted(feed, f"{power} through a contact rated {feed.rating}", at.now)
    return replace(feed, supply=replace(live, over_since=began)), []


def _at_rest(feed: Feed, at: Moment) -> Step:
    """An open feed: finish counting, then see that nothing flows."""
    register, supply = at.register, feed.supply
    if supply:
        if supply.sampled < feed.driven + TAIL:
            return feed, []  # however long its meter is silent: nothing new is supplied without it either
        saved = Save(account=supply.account, order=supply.order, urgent=True)
        return replace(feed, supply=None), [saved, Baseline(contact=feed.contact)]
    if feed.fault or register is None or register.sampled < feed.driven + 2 * TAIL:
        return feed, []
    leaking = register.power > LEAK_FRACTION * feed.rating.mw
    began = since(feed.leak_since, leaking, register.sampled)
    if began is not None and register.sampled - began >= at.limits.stale_meter:
        power = Power(register.power)
        return faulted(feed, f"{power} through an open contact: it may be welded", at.now)
    return replace(feed, leak_since=began), []


def _followed(feed: Feed, at: Moment) -> Step:
    began = since(feed.unfollowed_since, at.followed is False, at.now)
    feed = replace(feed, unfollowed_since=began)
    if feed.fault or began is None or at.now - began < at.limits.follow:
        return feed, []
    return faulted(feed, f"the contact stays {'open' if feed.closed else 'closed'} against its coil", at.now)
