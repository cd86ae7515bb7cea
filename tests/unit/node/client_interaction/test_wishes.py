"""What the household asked for by its pages, in the decisions of its trader."""

from __future__ import annotations

from node.client_interaction.acts import Buy, CloseFeed, GoHome
from node.client_interaction.amount import purse
from node.client_interaction.core import decide
from node.client_interaction.memory import Memory, Phase, Supply
from node.client_interaction.selling import AnnounceEnd, Publish, Release, Withdraw, sell
from node.client_interaction.situation import Meter
from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from node.intents.wishes import Asked, Stopped, Wishes
from quantities import SoC, Tokens
from tests.unit.node.client_interaction.made import (
    NOW,
    ORDER,
    POLICY,
    WALL,
    battery,
    chain,
    on_chain,
    situation,
    supplied,
    trade,
)
from tests.unit.node.client_interaction.test_selling import HELD, OFFERS, shop

BY = Asked(by="anna", at=WALL - 500)
PAUSED = Wishes(paused=BY)
STOPPED = Wishes(stopped=Stopped(asked=BY, left=1_234.0))
BY_HAND = Wishes(by_hand=frozenset({ORDER}))
TIED = Memory(supply=Supply(order=ORDER, seller="alder", channel=11, began=NOW - 60, phase=Phase.TIED))


def test_with_trading_off_a_low_battery_buys_nothing_and_says_who_and_since_when() -> None:
    decision = decide(situation(battery=battery(10), wishes=PAUSED), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is State.OFF
    assert "anna" in decision.view.reason
    assert decision.memory.since == BY.at


def test_with_trading_off_a_running_supply_goes_home() -> None:
    decision = decide(supplied(wishes=PAUSED), POLICY, TIED)
    assert decision.acts == (GoHome(channel=11),)
    assert decision.view.reason == "Going home: trading was switched off by anna."


def test_a_stop_ends_a_running_supply() -> None:
    decision = decide(supplied(wishes=STOPPED), POLICY, TIED)
    assert decision.acts == (GoHome(channel=11),)


def test_a_stop_before_energy_flows_gives_the_order_up_without_blame() -> None:
    s = supplied(wishes=STOPPED, trades=(trade(TradeState.CONFIRMED),))
    decision = decide(s, POLICY, Memory())
    assert not any(isinstance(act, CloseFeed) for act in decision.acts)
    assert decision.memory.supply is not None
    assert decision.memory.supply.phase is Phase.AT_HOME
    assert decision.memory.supply.fault is None


def test_after_a_stop_nothing_is_bought_by_itself_and_the_page_says_for_how_long() -> None:
    decision = decide(situation(battery=battery(10), wishes=STOPPED), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is State.HOME
    assert "21 min" in decision.view.next


def test_an_order_by_hand_goes_on_above_resume_and_ends_when_the_battery_is_full() -> None:
    tied = decide(supplied(battery=battery(80), wishes=BY_HAND), POLICY, TIED)
    assert tied.acts == ()
    assert tied.view.state is State.SUPPLIED
    assert decide(supplied(battery=battery(80)), POLICY, TIED).acts == (GoHome(channel=11),)
    assert decide(supplied(battery=battery(100), wishes=BY_HAND), POLICY, TIED).acts == (GoHome(channel=11),)


def test_an_order_by_hand_has_no_successor() -> None:
    near = supplied(meter=Meter(forward=1_470, power=20_000, sampled=NOW - 0.5))
    assert any(isinstance(act, Buy) for act in decide(near, POLICY, TIED).acts)
    by_hand = supplied(meter=Meter(forward=1_470, power=20_000, sampled=NOW - 0.5), wishes=BY_HAND)
    assert decide(by_hand, POLICY, TIED).acts == ()


def test_what_is_being_sent_cannot_be_spent() -> None:
    s = situation(wishes=Wishes(outgoing=Tokens.parse(98)))
    assert purse(s, chain(), POLICY).most == Tokens.parse(2)


def test_with_trading_off_the_offer_is_withdrawn_and_none_is_made() -> None:
    assert sell(shop(paused=True), OFFERS) == (Withdraw(contact=1),)
    assert sell(shop(paused=True, offers={}), OFFERS) == ()
    assert isinstance(sell(shop(offers={}), OFFERS)[0], Publish)


def test_with_trading_off_a_supply_given_ends_in_good_order_and_an_unused_order_goes_back() -> None:
    runs = shop(paused=True, offers={}, contacts=HELD, orders={ORDER: on_chain()})
    assert sell(runs, OFFERS) == (AnnounceEnd(contact=1),)
    unused = shop(paused=True, offers={}, orders={ORDER: on_chain()})
    assert sell(unused, OFFERS) == (Release(order=ORDER),)


def test_an_offer_that_is_off_is_withdrawn_and_what_runs_goes_on() -> None:
    off = shop(withdrawn=frozenset({1}), contacts=HELD, orders={ORDER: on_chain()})
    assert sell(off, OFFERS) == (Withdraw(contact=1),)
    assert sell(shop(withdrawn=frozenset({1}), offers={}, soc=SoC(9_000)), OFFERS) == ()
