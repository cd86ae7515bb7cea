"""When to offer, redeem, give back and end, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.bindings import State
from node.client_interaction.selling import (
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
ID = bytes.fromhex(ORDER[2:])


def shop(**changes: Any) -> Shop:
    fields: dict[str, Any] = {
        "wall": WALL, "head": 100, "period": 1.0, "soc": SoC(8_000), "buying": False, "relay": True,
        "offers": {1: offer()}, "orders": {}, "seen": {}, "vouchers": {}, "contacts": (), "busy": frozenset(),
    }  # fmt: skip
    return Shop(**{**fields, **changes})


def voucher(energy: int, *, ended: bool = False, age: float = 10.0) -> BestVoucher:
    return BestVoucher(
        order=ID, buyer=BIRCH, contact=1, energy=energy, signature=b"\1" * 65,
        delivered=energy, ended=ended, at=WALL - age,
    )  # fmt: skip


def with_order(state: State = State.OPEN, **changes: Any) -> Shop:
    return shop(orders={ORDER: on_chain(state, supply_end=400)}, seen={ORDER: WALL - 10}, **changes)


HELD = (ContactState(contact=1, closed=True, order=ID, lease_ms=9_000),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"offers": {}}, (Publish(feed=FEED, valid_until=3_700),)),
        ({"offers": {}, "soc": SoC(4_400)}, ()),
        ({"offers": {}, "soc": None}, ()),
        ({"offers": {}, "relay": False}, ()),
        ({"offers": {}, "buying": True}, ()),
        ({"offers": {}, "busy": frozenset({"offer:1:99"})}, ()),
        ({"soc": SoC(4_000)}, ()),
        ({"soc": SoC(3_999)}, (Withdraw(contact=1),)),
        ({"soc": None}, (Withdraw(contact=1),)),
        ({"buying": True}, (Withdraw(contact=1),)),
        ({"offers": {1: offer(price=Price.parse("0.3"))}}, (Publish(feed=FEED, valid_until=3_700),)),
        ({"offers": {1: offer(valid_until=1_000)}}, (Publish(feed=FEED, valid_until=3_700),)),
        ({"offers": {1: offer(valid_until=1_000)}, "busy": frozenset({"offer:1:5"})}, ()),
    ],
)
def test_an_offer_is_published_renewed_and_withdrawn(changes: dict[str, Any], expected: object) -> None:
    assert sell(shop(**changes), OFFERS) == expected


@pytest.mark.parametrize(
    ("best", "contacts", "state", "redeemed"),
    [
        (voucher(300), HELD, State.OPEN, False),
        (voucher(1_000), HELD, State.OPEN, True),
        (voucher(300), (), State.CLOSING, True),
        (voucher(300, ended=True, age=1.9), (), State.OPEN, False),
        (voucher(300, ended=True, age=2.0), (), State.OPEN, True),
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
        ({"seen": {ORDER: WALL - 91}}, State.OPEN, True),
        ({"seen": {ORDER: WALL - 91}, "contacts": HELD}, State.OPEN, False),
        ({"contacts": (ContactState(contact=1, closed=False, fault="welded"),)}, State.OPEN, True),
    ],
)
def test_an_order_that_cannot_be_supplied_is_given_back(
    changes: dict[str, Any], state: State, released: bool
) -> None:
    acts = sell(replace(with_order(state), **changes), OFFERS)
    assert acts == ((Release(order=ORDER),) if released else ())


@pytest.mark.parametrize("changes", [{"soc": SoC(3_900)}, {"buying": True}])
def test_a_supply_from_an_empty_battery_is_announced_to_end(changes: dict[str, Any]) -> None:
    acts = sell(with_order(vouchers={ORDER: voucher(300)}, contacts=HELD, offers={}, **changes), OFFERS)
    assert acts == (AnnounceEnd(contact=1),)


def test_nothing_is_given_back_while_the_relays_records_cannot_be_read() -> None:
    closing = with_order(State.CLOSING)
    assert sell(closing, OFFERS) == (Release(order=ORDER),)
    assert sell(replace(closing, vouchers=None), OFFERS) == ()
