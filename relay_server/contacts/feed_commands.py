"""What a buyer and the owner may command of a feed; if its order is good on chain is `authorisation`'s."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantities import Energy, Power
from relay_server.accounts import Account, Order, vouchered
from relay_server.acts import Act, Baseline, Cycle, Drive, Save, Tell
from relay_server.contacts.feed import (
    USED_UP,
    Feed,
    Moment,
    Reply,
    Supply,
    accounted,
    behind,
    granted,
    locked_out,
    opening,
)
from relay_server.contacts.lasting import milliseconds
from relay_server.lease import judged, keeps_pace, uncounted
from relay_server.messages import Code, Opened, Refused

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings


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
    closed = replace(feed, supply=supply, driven=at.now, leak_since=None)
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
        opened, more = opening(feed, behind(account), at.now, unpaid=True)
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
    """The owner wants it open: the buyer hears so with its next KEEP, and then it opens.

    Of an order that is used up, too: the end that comes anyway is no longer one that a next order puts off.
    """
    if feed.live is None:
        return feed, [], Opened()
    why = "the seller ended it"
    ending = replace(feed, supply=replace(_ending(feed.live, why, at), why=why))
    return ending, [Tell(event="feed ending", contact=feed.contact)], Opened()


def give_back(feed: Feed, account: Account, order: Order) -> Reply:
    """The owner gives an order back on the chain: the feed is not closed for it from now on.

    Not while energy or a voucher under it is here: what it paid for would be refunded as well.
    """
    if feed.supply and feed.supply.order.id == order.id:
        text = "this order is supplied, or its last energy is being counted: announce its end first"
        return feed, [], Refused(code=Code.BUSY, text=text, retry_ms=1_000)
    if order.vouchered:
        text = f"the buyer has signed for {order.vouchered}: redeem it"
        return feed, [], Refused(code=Code.BUSY, text=text)
    acts: list[Act] = [Save(account=account, order=replace(order, ended=True), urgent=True)]
    if not order.ended:
        facts: dict[str, str | int] = {"order": order.id.hex(), "buyer": order.buyer}
        acts.append(Tell(event="order given back", contact=feed.contact, facts=facts))
    return feed, acts, Opened()


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
