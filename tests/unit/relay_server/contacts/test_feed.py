from __future__ import annotations

from dataclasses import replace

import pytest

from quantities import Energy
from relay_server import accounts
from relay_server.accounts import Account, Order
from relay_server.acts import Act, Baseline, Latch, Save
from relay_server.contacts import feed as feeds
from relay_server.contacts import feed_commands, feed_watch
from relay_server.contacts.feed import Feed, Moment
from relay_server.messages import Code, Granted, Opened, Refused
from store.registers import Register
from tests.unit.relay_server.bench import (
    FEED,
    NEXT,
    ORDER,
    OTHER,
    RATING,
    SETTINGS,
    account,
    drives,
    order,
    register,
    told,
)

OPEN = Feed(contact=FEED, rating=RATING)
START = 100.0


def at(now: float, forward: int = 5_000, sampled: float | None = None, power: int = 30_000) -> Moment:
    moment = now if sampled is None else sampled
    return Moment(now=now, limits=SETTINGS, register=register(forward, moment, power))


def closed(energy: int = 1_000) -> Feed:
    feed, _, answer = feed_commands.close(OPEN, account(), order(energy=energy), at(START))
    assert isinstance(answer, Granted)
    return feed


def paid(feed: Feed, energy: int, named: Order | None = None) -> tuple[Account, Order]:
    assert feed.supply
    taken = feed_commands.pay(
        feed.supply.account,
        named or feed.supply.order,
        Energy(energy),
        b"v" * 65,
        rating=RATING,
        limits=SETTINGS,
    )
    assert not isinstance(taken, Refused)
    return taken


def refusal(answer: object) -> Code:
    assert isinstance(answer, Refused), answer
    return answer.code


# --- closing


def test_a_funded_order_closes_the_feed_for_one_lease() -> None:
    feed, acts, answer = feed_commands.close(OPEN, account(), order(), at(START))
    assert answer == Granted(lease_ms=10_000, until_ms=int(feeds.FOREVER * 1_000), meter_mwh=0)
    assert drives(acts) == [(FEED, True)]
    assert feed.closed


def test_the_account_is_kept_before_the_coil_is_driven() -> None:
    _, acts, _ = feed_commands.close(OPEN, account(), order(), at(START))
    assert isinstance(acts[0], Save)
    assert acts[0].urgent
    assert acts[1] == Baseline(contact=FEED, order=ORDER, forward=5_000)


def test_a_repeated_close_renews_nothing() -> None:
    feed, acts, answer = feed_commands.close(closed(), account(), order(), at(START + 4))
    assert isinstance(answer, Granted)
    assert answer.lease_ms == 6_000
    assert acts == []
    assert feed == closed()


@pytest.mark.parametrize(
    ("feed", "buyer", "wanted", "moment", "code"),
    [
        (replace(OPEN, fault="welded"), account(), order(), at(START), Code.FAULT),
        (closed(), account(OTHER), order(NEXT, buyer=OTHER), at(START), Code.BUSY),
        (closed(), account(), order(NEXT), at(START), Code.BUSY),
        (OPEN, replace(account(), unpaid=True), order(), at(START), Code.UNPAID),
        (OPEN, account(delivered=1_000, vouchered=800), order(), at(START), Code.UNPAID),
        (OPEN, account(), order(), at(START, sampled=START - 3.1), Code.METER_GAP),
        (OPEN, account(), order(), Moment(now=START, limits=SETTINGS, register=None), Code.METER_GAP),
        (OPEN, account(), replace(order(), ended=True), at(START), Code.ENDED),
        (OPEN, account(), replace(order(), vouchered=Energy(1_000)), at(START), Code.ENDED),
    ],
)
def test_what_keeps_a_feed_open(
    feed: Feed, buyer: Account, wanted: Order, moment: Moment, code: Code
) -> None:
    after, acts, answer = feed_commands.close(feed, buyer, wanted, moment)
    assert refusal(answer) is code
    assert after == feed
    assert drives(acts) == []


# --- keeping


def test_a_voucher_that_keeps_pace_renews_the_lease() -> None:
    feed, _ = feed_watch.tick(closed(), at(START + 3, forward=5_025))
    feed, _, answer = feed_commands.keep(feed, *paid(feed, 25), at(START + 3, forward=5_025))
    assert isinstance(answer, Granted)
    assert (answer.lease_ms, answer.meter_mwh) == (10_000, 25)
    assert feed.live
    assert feed.live.expires == START + 13


def test_a_buyer_that_signs_for_nothing_is_cut_off_within_the_bound() -> None:
    feed, now, forward = closed(energy=5_000), START, 5_000
    while feed.closed:
        now, forward = now + 1, forward + 10
        moment = at(now, forward)
        feed, _ = feed_watch.tick(feed, moment)
        if feed.closed:
            feed, _, _ = feed_commands.keep(feed, *paid(feed, 0), moment)
    assert feed.supply
    assert feed.supply.account.unpaid
    assert forward - 5_000 <= 10 * 13 + 4 + 10
    assert feed.why.startswith("the vouchers are")


def test_a_keep_that_is_behind_opens_the_feed_and_is_remembered() -> None:
    behind = at(START + 2, forward=5_200)
    feed, _ = feed_watch.tick(closed(), replace(behind, now=START + 1, register=None))
    assert not feed.closed, "no register at all opens it, too"
    live = closed()
    assert live.supply
    owing = replace(live.supply, account=account(delivered=500), sampled=START + 2)
    feed, acts, answer = feed_commands.keep(
        replace(live, supply=owing), account(delivered=500), order(), behind
    )
    assert refusal(answer) is Code.METER_GAP
    assert drives(acts) == [(FEED, False)]
    assert feed.supply
    assert feed.supply.account.unpaid


def test_a_keep_on_an_open_feed_still_pays() -> None:
    _, acts, answer = feed_commands.keep(OPEN, *feeds_paid(500), at(START))
    assert refusal(answer) is Code.ENDED
    assert acts == [Save(account=feeds_paid(500)[0], order=feeds_paid(500)[1])]


def feeds_paid(energy: int) -> tuple[Account, Order]:
    return accounts.vouchered(account(delivered=600), order(), Energy(energy), b"v")


def test_no_voucher_goes_beyond_its_order() -> None:
    taken = feed_commands.pay(account(), order(), Energy(1_001), b"v", rating=RATING, limits=SETTINGS)
    assert refusal(taken) is Code.ENDED


def test_a_full_voucher_gives_the_buyer_time_to_go_home_and_no_more() -> None:
    feed, _, answer = feed_commands.keep(closed(), *paid(closed(), 1_000), at(START + 1))
    assert isinstance(answer, Granted)
    assert answer.until_ms == 5_000
    again, _, later = feed_commands.keep(feed, *paid(feed, 1_000), at(START + 3))
    assert isinstance(later, Granted)
    assert later.until_ms == 3_000, "an announced end is never put off"
    after, acts = feed_watch.tick(again, at(START + 6))
    assert drives(acts) == [(FEED, False)]
    assert after.supply
    assert after.supply.order.ended


# --- the next order


def test_supply_rolls_over_to_the_next_order_without_opening() -> None:
    full, _, _ = feed_commands.keep(closed(), *paid(closed(), 1_000), at(START + 1))
    feed, acts, answer = feed_commands.keep(full, *paid(full, 5, order(NEXT)), at(START + 2))
    assert isinstance(answer, Granted)
    assert answer.until_ms > 1_000_000, "the end for want of a next order is withdrawn"
    assert drives(acts) == []
    assert told(acts) == ["feed rolled over"]
    assert feed.live
    assert feed.live.order.id == NEXT
    assert feed.live.account.vouchered == Energy(1_005), "the sums go on"


def test_the_next_order_waits_until_the_first_is_signed_for() -> None:
    live = closed()
    after, acts, answer = feed_commands.keep(live, *paid(live, 5, order(NEXT)), at(START + 1))
    assert refusal(answer) is Code.BUSY
    assert after.live
    assert live.live
    assert (after.live.order, after.live.expires) == (live.live.order, live.live.expires)
    assert drives(acts) == []


def test_supply_does_not_roll_over_to_an_order_that_has_ended() -> None:
    full, _, _ = feed_commands.keep(closed(), *paid(closed(), 1_000), at(START + 1))
    _, _, answer = feed_commands.keep(full, *paid(full, 5, replace(order(NEXT), ended=True)), at(START + 2))
    assert refusal(answer) is Code.ENDED


def test_an_end_that_the_seller_announced_stands_over_the_next_order() -> None:
    full, _, _ = feed_commands.keep(closed(), *paid(closed(), 1_000), at(START + 1))
    announced, _, _ = feed_commands.announce(full, at(START + 1.5))
    feed, _, _ = feed_commands.keep(announced, *paid(announced, 5, order(NEXT)), at(START + 2))
    assert feed.live
    assert feed.live.ends == START + 6


# --- opening


def test_the_lease_ends_by_itself() -> None:
    feed, _ = feed_watch.tick(closed(), at(START + 9.99))
    assert feed.closed
    feed, acts = feed_watch.tick(feed, at(START + 10))
    assert drives(acts) == [(FEED, False)]
    assert not feed.closed
    assert feed.supply
    assert not feed.supply.order.ended, "a buyer that lost its line may close again"


def test_a_silent_meter_opens_the_feed() -> None:
    feed, acts = feed_watch.tick(closed(), at(START + 3.1, sampled=START))
    assert drives(acts) == [(FEED, False)]
    assert feed.why == "the feed's meter is silent"


def test_what_the_chain_says_against_it_opens_the_feed_and_ends_the_order() -> None:
    feed, acts = feed_watch.tick(closed(), replace(at(START + 1), over="the order is settled"))
    assert drives(acts) == [(FEED, False)]
    assert feed.supply
    assert feed.supply.order.ended


def test_the_buyers_open_takes_a_last_voucher() -> None:
    live = closed()
    feed, acts, answer = feed_commands.open_(live, *paid(live, 77), at(START + 1))
    assert isinstance(answer, Opened)
    assert drives(acts) == [(FEED, False)]
    saved = [act for act in acts if isinstance(act, Save)]
    assert saved[-1].urgent
    assert saved[-1].order
    assert (saved[-1].order.vouchered, saved[-1].order.ended) == (Energy(77), True)
    assert not feed.closed


def test_open_of_another_order_of_the_same_buyer_pays_and_leaves_the_feed_closed() -> None:
    live = closed()
    feed, acts, _ = feed_commands.open_(live, *paid(live, 40, order(NEXT)), at(START + 1))
    assert feed.closed
    assert drives(acts) == []
    assert feed.live
    assert feed.live.account.vouchered == Energy(40)


def test_the_sellers_end_is_announced_before_it_comes() -> None:
    feed, acts, answer = feed_commands.announce(closed(), at(START + 1))
    assert isinstance(answer, Opened)
    assert drives(acts) == []
    feed, _, granted = feed_commands.keep(feed, *paid(feed, 10), at(START + 2))
    assert isinstance(granted, Granted)
    assert granted.until_ms == 4_000
    feed, acts = feed_watch.tick(feed, at(START + 6))
    assert drives(acts) == [(FEED, False)]
    assert feed.why == "the seller ended it"


def test_what_passes_while_the_contact_opens_is_still_counted() -> None:
    live = closed()
    feed, _, _ = feed_commands.open_(live, *paid(live, 10), at(START + 1, forward=5_010))
    feed, _ = feed_watch.tick(feed, at(START + 1.1, forward=5_010, sampled=START + 0.9))
    _, _, again = feed_commands.close(feed, account(OTHER), order(NEXT, buyer=OTHER), at(START + 1.2))
    assert refusal(again) is Code.BUSY, "the last sample is still to come"
    feed, acts = feed_watch.tick(feed, at(START + 2, forward=5_018, sampled=START + 1.9))
    saved = [act for act in acts if isinstance(act, Save)]
    assert saved[-1].account.delivered == Energy(18)
    assert feed.supply is None
    assert Baseline(contact=FEED) in acts


def test_what_passed_while_the_relay_was_dead_is_counted_for_the_buyer() -> None:
    feed = feed_commands.recovered(OPEN, account(delivered=40), order(), forward=5_040, now=START)
    assert not feed.closed
    feed, acts = feed_watch.tick(feed, at(START + 0.5, forward=5_090))
    saved = [act for act in acts if isinstance(act, Save)]
    assert saved[-1].account.delivered == Energy(90)


# --- faults


def fault(acts: list[Act]) -> str | None:
    return next((act.fault for act in acts if isinstance(act, Latch)), None)


def test_what_passed_while_the_relay_was_dead_is_counted_however_late_the_logger_starts() -> None:
    feed = feed_commands.recovered(OPEN, account(), order(), forward=5_000, now=START)
    feed, _ = feed_watch.tick(feed, Moment(now=START + 60, limits=SETTINGS, register=None))
    feed, acts = feed_watch.tick(feed, at(START + 61, forward=5_040))
    saved = [act for act in acts if isinstance(act, Save)]
    assert [save.account.delivered for save in saved][-1:] == [Energy(40)]
    assert feed.supply is None


def test_power_above_the_rating_for_a_second_is_a_fault() -> None:
    feed, acts = feed_watch.tick(closed(), at(START + 1, power=36_001))
    assert feed.closed
    feed, acts = feed_watch.tick(feed, at(START + 2, power=40_000))
    assert fault(acts)
    assert not feed.closed
    assert refusal(feed_commands.close(feed, account(), order(), at(START + 9))[2]) is Code.FAULT


def test_one_sample_above_the_rating_is_none() -> None:
    feed, _ = feed_watch.tick(closed(), at(START + 1, power=40_000))
    feed, _ = feed_watch.tick(feed, at(START + 2, power=30_000))
    feed, acts = feed_watch.tick(feed, at(START + 3, power=40_000))
    assert feed.closed
    assert fault(acts) is None


def test_a_contact_that_does_not_follow_latches_a_fault() -> None:
    feed, acts = feed_watch.tick(closed(), replace(at(START + 0.1), followed=False))
    assert feed.closed
    feed, acts = feed_watch.tick(feed, replace(at(START + 0.7), followed=False))
    assert fault(acts) == "stuck-open: the contact stays open against its coil"
    assert drives(acts)[-1] == (FEED, False)


def test_a_bounce_is_no_fault() -> None:
    feed, _ = feed_watch.tick(closed(), replace(at(START + 0.1), followed=False))
    feed, _ = feed_watch.tick(feed, replace(at(START + 0.2), followed=True))
    feed, acts = feed_watch.tick(feed, replace(at(START + 0.7), followed=False))
    assert feed.closed
    assert fault(acts) is None


def test_power_through_an_open_feed_is_a_fault() -> None:
    feed: Feed = OPEN
    acts: list[Act] = []
    for second in range(5):
        assert fault(acts) is None
        feed, acts = feed_watch.tick(feed, at(START + second, power=5_000))
        if fault(acts):
            break
    assert "welded" in (feed.fault or "")


def test_a_meter_that_falls_back_is_a_fault() -> None:
    feed, acts = feed_watch.tick(closed(), at(START + 1, forward=4_000))
    assert fault(acts) == "meter: its meter fell back by 1.00 Wh"
    assert not feed.closed


def test_a_meter_of_another_boot_is_absent() -> None:
    gone: Register | None = None
    feed, _ = feed_watch.tick(closed(), replace(at(START + 1), register=gone))
    assert not feed.closed
