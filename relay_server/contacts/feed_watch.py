"""What the safety loop sees to at a feed, whatever is commanded: it counts, opens and finds faults. Pure."""

from __future__ import annotations

from dataclasses import replace

from quantities import Energy, Power
from relay_server.accounts import delivered
from relay_server.acts import Act, Baseline, Save, Tell
from relay_server.contacts import following
from relay_server.contacts.feed import Feed, Moment, Step, Supply, behind, faulted, mended, opening
from relay_server.contacts.lasting import milliseconds, since
from relay_server.contacts.trouble import SENTENCES, Trouble, took
from relay_server.lease import judged, keeps_pace, uncounted

LEAK_FRACTION = 0.05
"""Of the rating: power through an open feed above this is no sensor offset (INA219: ±1 % of full scale)."""

TAIL = 0.2
"""Seconds after opening until everything that passed is in the meter's next sample."""


def tick(feed: Feed, at: Moment) -> Step:
    """One turn of the safety loop."""
    feed, counted = _counted(feed, at)
    feed, watched = _watched(feed, feed.live, at) if feed.live else _at_rest(feed, at)
    feed, checked = _followed(feed, at)
    agrees = at.followed is True and not at.unseen and feed.leak_since is None
    feed, cleared = mended(feed, agrees, at.now)
    return feed, counted + watched + checked + cleared


def _counted(feed: Feed, at: Moment) -> Step:
    """Add what the meter counted since the last sample to the buyer's account."""
    supply, register = feed.supply, at.register
    if supply is None or register is None or register.sampled <= supply.sampled:
        return feed, []
    risen = Energy(register.forward - supply.forward)
    fresh = replace(supply, forward=register.forward, sampled=register.sampled)
    if risen < Energy(0):
        feed = replace(feed, supply=fresh)
        return (
            faulted(feed, Trouble.METER, f"its meter fell back by {-risen}", at.now)
            if feed.live
            else (feed, [])
        )
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
        return opening(feed, behind(live.account), at.now, unpaid=True)
    began = since(live.over_since, at.register.power > feed.rating.mw, at.register.sampled)
    if began is not None and at.register.sampled - began >= at.limits.overload:
        power = Power(at.register.power)
        sentence = f"{power} through a contact rated {feed.rating}"
        return faulted(feed, Trouble.OVERLOAD, sentence, at.now)
    return replace(feed, supply=replace(live, over_since=began)), []


def _at_rest(feed: Feed, at: Moment) -> Step:
    """An open feed: finish counting, then see that nothing flows."""
    register, supply = at.register, feed.supply
    if supply:
        if supply.sampled < feed.driven + TAIL:
            return feed, []  # however long its meter is silent: nothing new is supplied without it either
        saved = Save(account=supply.account, order=supply.order, urgent=True)
        return replace(feed, supply=None), [saved, Baseline(contact=feed.contact)]
    if not feed.takes(Trouble.WELDED) or register is None or register.sampled < feed.driven + 2 * TAIL:
        return feed, []
    leaking = not at.unseen and register.power > LEAK_FRACTION * feed.rating.mw
    began = since(feed.leak_since, leaking, register.sampled)
    if began is not None and register.sampled - began >= at.limits.stale_meter:
        power = Power(register.power)
        return faulted(feed, Trouble.WELDED, f"{power} through an open contact", at.now)
    return replace(feed, leak_since=began), []


def _followed(feed: Feed, at: Moment) -> Step:
    """Compare the contact with its coil; a fault that turns out to be slowness is told as that."""
    before = feed.following
    seen = following.look(
        before,
        at.followed,
        at.now,
        energised=feed.closed,
        driven=feed.driven,
        unseen=at.unseen,
        began=at.began,
    )
    if seen is before and not (seen.apart or seen.falls):
        return feed, []
    feed = replace(feed, following=seen)
    late = following.slowly(before, seen, at.limits.follow)
    if late is not None:
        return _late(feed, late, before.lags(at.limits.follow), at)
    found = following.trouble(seen, at.now, at.limits.follow)
    if found is None or not feed.takes(found):
        return feed, []
    return faulted(feed, found, SENTENCES[found], at.now)


def _late(feed: Feed, seconds: float, too_late: bool, at: Moment) -> Step:
    slow = Tell(event="contact slow", contact=feed.contact, facts={"ms": milliseconds(seconds)})
    if not too_late or not feed.takes(Trouble.SLOW):
        return feed, [slow]
    feed, acts = faulted(feed, Trouble.SLOW, took(seconds), at.now)
    return feed, [slow, *acts]
