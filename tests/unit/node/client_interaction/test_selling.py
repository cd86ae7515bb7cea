"""When to offer, redeem, give back and end, as tables."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.bindings import State
from node.client_interaction.pricing import Moment
from node.client_interaction.selling import (
    RECORDED,
    AnnounceEnd,
    Publish,
    Redeem,
    Release,
    Shop,
    Withdraw,
    sell,
)
from node.client_interaction.settings import FeedOffer, OffersSettings
from quantities import Energy, Price, SoC
from relay_server.messages import ContactState
from relay_server.records import BestVoucher
from tests.unit.node.client_interaction.made import BIRCH, ORDER, PRICE, WALL, offer, on_chain

FEED = FeedOffer(contact=1, price=PRICE, max_energy=Energy(5_000))
OFFERS = OffersSettings(feeds=(FEED,))
NOW = 50_000.0
"""Boottime."""

NOON = Moment(weekday=0, minute=720)
ID = bytes.fromhex(ORDER[2:])


def shop(**changes: Any) -> Shop:
    fields: dict[str, Any] = {
        "now": NOW, "head": 100, "period": 1.0, "soc": SoC(8_000), "buying": False, "moment": NOON,
        "begun": 100.0, "silence": {1: 0.5}, "quiet": {},
        "drained": 0, "credit": True,
        "offers": {1: offer()}, "orders": {}, "seen": {}, "vouchers": {}, "contacts": (), "busy": frozenset(),
    }  # fmt: skip
    fields |= changes
    vouchers = fields["vouchers"] or {}
    return Shop(**{"written": {name: NOW - (WALL - best.at) for name, best in vouchers.items()}, **fields})


def voucher(energy: int, *, ended: bool = False, age: float = 10.0) -> BestVoucher:
    return BestVoucher(
        order=ID, buyer=BIRCH, contact=1, energy=energy, signature=b"\1" * 65,
        delivered=energy, ended=ended, at=WALL - age,
    )  # fmt: skip


def owing(more: int, age: float) -> BestVoucher:
    """After a supply's end, of which so much is not paid."""
    return replace(voucher(300, ended=True, age=age), delivered=300 + more)


def with_order(state: State = State.OPEN, **changes: Any) -> Shop:
    return shop(orders={ORDER: on_chain(state, supply_end=400)}, seen={ORDER: NOW - 10}, **changes)


WELDED = (ContactState(contact=1, closed=False, fault="welded"),)
HELD = (ContactState(contact=1, closed=True, order=ID, lease_ms=9_000),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"offers": {}}, (Publish(feed=FEED, price=PRICE, valid_until=3_700),)),
        ({"offers": {}, "soc": SoC(4_400)}, ()),
        ({"offers": {}, "soc": None}, ()),
        ({"offers": {}, "silence": {1: 3.1}}, ()),
        ({"offers": {}, "silence": {}}, ()),
        ({"offers": {}, "contacts": (ContactState(contact=1, closed=False, fault="welded"),)}, ()),
        ({"offers": {}, "credit": False}, ()),
        ({"offers": {}, "quiet": {1: 59.0}}, ()),
        ({"offers": {}, "quiet": {1: 60.0}}, (Publish(feed=FEED, price=PRICE, valid_until=3_700),)),
        ({"offers": {}, "buying": True}, ()),
        ({"offers": {}, "busy": frozenset({"offer:1:99"})}, ()),
        ({"soc": SoC(4_000)}, ()),
        ({"soc": SoC(3_999)}, (Withdraw(contact=1),)),
        ({"soc": None}, (Withdraw(contact=1),)),
        ({"buying": True}, (Withdraw(contact=1),)),
        ({"silence": {1: 10.0}}, ()),
        ({"silence": {1: 10.1}}, (Withdraw(contact=1),)),
        ({"silence": {}}, (Withdraw(contact=1),)),
        ({"contacts": (ContactState(contact=1, closed=False, fault="welded"),)}, (Withdraw(contact=1),)),
        ({"contacts": (ContactState(contact=1, closed=False, locked="by hand"),)}, (Withdraw(contact=1),)),
        ({"contacts": (ContactState(contact=2, closed=False, fault="welded"),)}, ()),
        ({"soc": None, "begun": 10.0}, ()),
        ({"silence": {}, "begun": 10.0}, ()),
        ({"soc": SoC(3_999), "begun": 1.0}, (Withdraw(contact=1),)),
        ({"credit": False}, (Withdraw(contact=1),)),
        ({"credit": False, "quiet": {1: 1.0}}, (Withdraw(contact=1),)),
        (
            {"offers": {1: offer(price=Price.parse("0.3"))}},
            (Publish(feed=FEED, price=PRICE, valid_until=3_700),),
        ),
        ({"offers": {1: offer(valid_until=1_000)}}, (Publish(feed=FEED, price=PRICE, valid_until=3_700),)),
        ({"offers": {1: offer(valid_until=1_000)}, "busy": frozenset({"offer:1:5"})}, ()),
    ],
)
def test_an_offer_is_published_renewed_and_withdrawn(changes: dict[str, Any], expected: object) -> None:
    assert sell(shop(**changes), OFFERS) == expected


SUNNY = FeedOffer.model_validate(
    {"contact": 1, "price": "0.25", "max_energy": "5 Wh", "prices": [{"above": "90 %", "price": "0.18"}]}
)


@pytest.mark.parametrize(
    ("percent", "published", "quiet", "price"),
    [
        (80, "0.25", {}, None),
        (91, "0.25", {}, None),
        (93, "0.25", {}, "0.18"),
        (93, "0.25", {1: 30.0}, None),
        (89, "0.18", {}, None),
        (87, "0.18", {}, "0.25"),
    ],
)
def test_a_price_follows_the_battery_but_not_its_trembling(
    percent: int, published: str, quiet: dict[int, float], price: str | None
) -> None:
    s = shop(soc=SoC(percent * 100), offers={1: offer(price=Price.parse(published))}, quiet=quiet)
    expected = () if price is None else (Publish(feed=SUNNY, price=Price.parse(price), valid_until=3_700),)
    assert sell(s, OffersSettings(feeds=(SUNNY,))) == expected


def test_a_battery_at_the_edge_of_reserve_and_margin_costs_little_gas() -> None:
    """An hour in which it falls to the reserve and rises above the margin, over and over."""
    published, changed, acts = False, float("-inf"), 0
    for second in range(3_600):
        soc = 4_250 + round(300 * math.sin(second / 5))
        quiet = {1: second - changed}
        s = shop(soc=SoC(soc), offers={1: offer()} if published else {}, quiet=quiet)
        for act in sell(s, OFFERS):
            published, changed, acts = isinstance(act, Publish), second, acts + 1
    assert acts <= 2 * 3_600 / OFFERS.settle + 1


@pytest.mark.parametrize(
    ("best", "contacts", "state", "redeemed"),
    [
        (voucher(300), HELD, State.OPEN, False),
        (voucher(1_000), HELD, State.OPEN, True),
        (voucher(300), (), State.CLOSING, True),
        (voucher(300, age=1.9), (), State.CLOSING, False),
        (voucher(300), HELD, State.CLOSING, False),
        (voucher(300, ended=True, age=1.9), (), State.OPEN, False),
        (voucher(300, ended=True, age=2.0), (), State.OPEN, True),
        (owing(10, age=2.0), (), State.OPEN, True),
        (owing(100, age=19.9), (), State.OPEN, False),
        (owing(100, age=20.0), (), State.OPEN, True),
        (owing(100, age=19.9), (), State.CLOSING, False),
        (voucher(300, age=599), (), State.OPEN, False),
        (voucher(300, age=600), (), State.OPEN, True),
        (voucher(300, age=600), HELD, State.OPEN, False),
    ],
)
def test_a_voucher_is_redeemed_when_no_higher_one_is_to_come(
    best: BestVoucher, contacts: tuple[ContactState, ...], state: State, redeemed: bool
) -> None:
    acts = sell(with_order(state, vouchers={ORDER: best}, contacts=contacts), OFFERS)
    assert acts == ((Redeem(order=ORDER, voucher=best),) if redeemed else ())


def test_a_voucher_is_redeemed_before_the_supply_ends_on_the_chain() -> None:
    best = voucher(300)
    s = with_order(vouchers={ORDER: best}, contacts=HELD)
    assert sell(replace(s, head=384), OFFERS) == ()
    assert sell(replace(s, head=385), OFFERS) == (Redeem(order=ORDER, voucher=best),)


def test_a_closing_order_waits_for_its_last_voucher_but_not_into_the_end_of_the_challenge() -> None:
    best = voucher(300, age=1.0)
    closing = on_chain(State.CLOSING, supply_end=400, reclaim_from=300)
    s = shop(orders={ORDER: closing}, seen={ORDER: NOW - 10}, vouchers={ORDER: best}, contacts=HELD)
    assert sell(replace(s, head=284), OFFERS) == ()
    assert sell(replace(s, head=285), OFFERS) == (Redeem(order=ORDER, voucher=best),)


def test_what_was_delivered_without_a_voucher_is_not_given_back_while_its_buyer_may_pay() -> None:
    unpaid = replace(voucher(0, age=1.0), delivered=40)
    s = with_order(State.CLOSING, vouchers={ORDER: unpaid})
    assert sell(s, OFFERS) == ()
    assert sell(replace(s, now=NOW + 600), OFFERS) == (Release(order=ORDER),)
    nothing = replace(unpaid, delivered=2, ended=True)
    assert sell(replace(s, vouchers={ORDER: nothing}), OFFERS) == (Release(order=ORDER),)


def test_a_supply_ends_before_its_announcement_would_take_the_battery_below_the_reserve() -> None:
    s = with_order(vouchers={ORDER: voucher(300)}, contacts=HELD, soc=SoC(4_100))
    assert sell(replace(s, drained=100), OFFERS) == ()
    assert sell(replace(s, drained=101), OFFERS) == (AnnounceEnd(contact=1),)


def test_what_is_being_redeemed_is_not_redeemed_again() -> None:
    s = with_order(vouchers={ORDER: voucher(1_000)}, busy=frozenset({f"redeem:{ORDER}"}))
    assert sell(s, OFFERS) == ()


@pytest.mark.parametrize(
    ("changes", "state", "released"),
    [
        ({}, State.OPEN, False),
        ({}, State.CLOSING, True),
        ({"soc": SoC(3_900), "offers": {}}, State.OPEN, True),
        ({"soc": SoC(3_900), "offers": {}}, State.WAITING, False),
        ({"seen": {ORDER: NOW - 91}}, State.OPEN, True),
        ({"seen": {ORDER: NOW - 91}, "contacts": HELD}, State.OPEN, False),
        ({"contacts": WELDED, "offers": {}}, State.OPEN, True),
    ],
)
def test_an_order_that_cannot_be_supplied_is_given_back(
    changes: dict[str, Any], state: State, released: bool
) -> None:
    acts = sell(replace(with_order(state), **changes), OFFERS)
    assert acts == ((Release(order=ORDER),) if released else ())


@pytest.mark.parametrize(
    ("record", "released"),
    [
        (None, True),
        (voucher(0, age=1), False),
        (voucher(0, age=RECORDED - 1), False),
        (voucher(0, age=RECORDED), True),
        (voucher(0, age=1, ended=True), True),
    ],
)
def test_an_order_that_the_relay_has_just_closed_for_is_not_given_back(
    record: BestVoucher | None, released: bool
) -> None:
    """What the relay said of its contacts last may be a second old; its records are not."""
    empty = with_order(soc=SoC(3_900), offers={}, vouchers={ORDER: record} if record else {}, contacts=())
    assert sell(empty, OFFERS) == ((Release(order=ORDER),) if released else ())


@pytest.mark.parametrize("changes", [{"soc": SoC(3_900)}, {"buying": True}])
def test_a_supply_from_an_empty_battery_is_announced_to_end(changes: dict[str, Any]) -> None:
    acts = sell(with_order(vouchers={ORDER: voucher(300)}, contacts=HELD, offers={}, **changes), OFFERS)
    assert acts == (AnnounceEnd(contact=1),)


def test_nothing_is_given_back_while_the_relays_records_cannot_be_read() -> None:
    closing = with_order(State.CLOSING)
    assert sell(closing, OFFERS) == (Release(order=ORDER),)
    assert sell(replace(closing, vouchers=None), OFFERS) == ()


# --- whatever happens ---------------------------------------------------------------------------------------

SHOPS = st.builds(
    shop,
    soc=st.none() | st.integers(3_000, 6_000).map(SoC),
    buying=st.booleans(),
    paused=st.booleans(),
    credit=st.booleans(),
    head=st.integers(100, 420),
    silence=st.sampled_from([{}, {1: 0.5}, {1: 5.0}, {1: 11.0}]),
    quiet=st.sampled_from([{}, {1: 5.0}, {1: 61.0}]),
    drained=st.integers(0, 300),
    offers=st.sampled_from([{}, {1: offer()}, {1: offer(price=Price.parse("0.3"))}]),
    contacts=st.sampled_from([(), HELD, WELDED]),
    busy=st.sampled_from([frozenset(), frozenset({f"redeem:{ORDER}"}), frozenset({f"release:{ORDER}"})]),
    seen=st.sampled_from([{}, {ORDER: NOW - 10}, {ORDER: NOW - 100}]),
    orders=st.builds(
        lambda state, end, reclaim: {
            ORDER: on_chain(state, supply_end=end, reclaim_from=reclaim if state is State.CLOSING else None)
        },
        st.sampled_from(State),
        st.none() | st.integers(300, 430),
        st.integers(100, 430),
    ),
    vouchers=st.none()
    | st.builds(
        lambda energy, more, ended, age: {
            ORDER: replace(voucher(energy, ended=ended, age=age), delivered=energy + more)
        },
        st.sampled_from([0, 1, 300, 1_000]),
        st.integers(0, 30),
        st.booleans(),
        st.floats(-3_600, 3_600),
    ),
)


@settings(deadline=None)
@given(SHOPS)
def test_whatever_happens_the_seller_keeps_its_reserve_and_its_money(s: Shop) -> None:
    acts = sell(s, OFFERS)
    kinds = [type(act) for act in acts]
    charged = s.soc is not None and s.soc >= OFFERS.reserve
    if Publish in kinds:
        assert charged
        assert s.silence.get(1, 99) <= 3
        assert not (s.buying or s.paused or s.contacts == WELDED)
        assert s.credit
    if s.offers and (not charged or s.buying or s.paused or s.contacts == WELDED):
        assert Withdraw in kinds, "what cannot be delivered is not offered"
    if s.soc is not None and s.soc.value - s.drained < OFFERS.reserve.value and s.contacts == HELD:
        assert AnnounceEnd in kinds, "nothing is sold below the reserve"
    best = None if s.vouchers is None else s.vouchers[ORDER]
    order = s.orders[ORDER]
    if best is None or not order.state.live:
        assert not {Redeem, Release} & set(kinds)
        return
    assert not (Release in kinds and (best.energy or order.id in {c.order for c in s.contacts if c.closed}))
    assert not (Redeem in kinds and not best.energy)
    ends = [end for end in (order.supply_end, order.reclaim_from) if end is not None]
    if best.energy and not s.busy and any(end - s.head <= 15 for end in ends):
        assert Redeem in kinds, "paid before the end on the chain, whatever the clock says"
