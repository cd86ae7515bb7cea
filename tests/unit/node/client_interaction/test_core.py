"""What the household does in each situation, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.bindings import State as OnChain
from node.client_interaction import sentences
from node.client_interaction.acts import (
    Buy,
    CloseFeed,
    CloseTie,
    Done,
    Failed,
    Finish,
    GoHome,
    OpenFeed,
    Reclaim,
    RequestClose,
)
from node.client_interaction.behaviour import Conduct
from node.client_interaction.core import FORGOTTEN, Decision, decide
from node.client_interaction.memory import Memory, Phase, Supply, happened
from node.client_interaction.situation import Battery, Lease, Meter, Situation
from node.client_interaction.status import State
from node.client_interaction.trade import TradeState
from quantities import Energy, Price, Tokens
from tests.unit.node.client_interaction.made import (
    NOW,
    ORDER,
    POLICY,
    SUCCESSOR,
    WALL,
    battery,
    chain,
    deed,
    offer,
    on_chain,
    policy,
    seller,
    situation,
    supplied,
    trade,
)


def supply(phase: Phase, **changes: Any) -> Memory:
    fields: dict[str, Any] = {
        "order": ORDER, "seller": "alder", "channel": 11, "began": NOW - 5, "phase": phase, "since": NOW - 3,
    }  # fmt: skip
    return Memory(supply=Supply(**{**fields, **changes}), state=State.SUPPLIED, since=WALL)


def tied(s: Situation) -> Decision:
    return decide(s, POLICY, supply(Phase.TIED))


# --- at home ------------------------------------------------------------------------------------------------


def test_a_battery_above_its_limit_stays_at_home() -> None:
    decision = decide(situation(battery=battery(30)), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is State.HOME
    assert decision.view.reason == "On its own battery, which is at 30 %."
    assert decision.view.next == "Buys when the battery falls below 30 %."


def test_a_battery_below_its_limit_buys_what_lifts_it_and_delta() -> None:
    decision = decide(situation(battery=battery(19)), POLICY, Memory())
    [buy] = decision.acts
    assert isinstance(buy, Buy)
    assert buy.energy == Energy((6_000 - 1_900) * 3_000 // 10_000 + 200)
    assert decision.view.state is State.BUYING
    assert decision.view.reason == (
        "Buying 1.43 Wh from Alder at 0.25 tokens per kWh, because the battery fell to 19 % (limit 30 %)."
    )


NOBODY = "The battery is at 19 %, and nobody can supply. "


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"sellers": ()}, State.NO_SUPPLY, NOBODY + "No seller is configured."),
        ({"sellers": (seller(offer=None),)}, State.NO_SUPPLY, NOBODY + "Alder: nothing offered."),
        (
            {"sellers": (seller(trouble="its relay does not answer"),)},
            State.NO_SUPPLY,
            NOBODY + "Alder: its relay does not answer.",
        ),
        (
            {"sellers": (seller(offer=offer(price=Price.parse("0.5"))),)},
            State.NO_SUPPLY,
            NOBODY + "Alder: asks 0.50 tokens per kWh, more than 0.40 tokens per kWh.",
        ),
        (
            {"sellers": (seller(offer=offer(open=b"\1" * 32)),)},
            State.NO_SUPPLY,
            NOBODY + "Alder: supplies somebody else.",
        ),
        (
            {"sellers": (seller(offer=offer(valid_until=101)),)},
            State.NO_SUPPLY,
            NOBODY + "Alder: nothing offered.",
        ),
        (
            {"sellers": (seller(admitted=False),)},
            State.NO_SUPPLY,
            NOBODY + "Alder: not admitted in the registry.",
        ),
        (
            {"chain": chain(balance=Tokens(0))},
            State.NO_SUPPLY,
            NOBODY + "Alder: the balance of 0.00 pays for less than the least, 1 mWh.",
        ),
        (
            {"spent": Tokens.parse(5)},
            State.NO_SUPPLY,
            NOBODY + "Alder: the daily budget of 0.00 pays for less than the least, 1 mWh.",
        ),
        (
            {"chain": chain(trouble="The chain node at http://127.0.0.1:8545 does not answer.")},
            State.NO_SUPPLY,
            NOBODY + "The chain node at http://127.0.0.1:8545 does not answer.",
        ),
        (
            {"chain": chain(barred="The gas credit is kept for settling.")},
            State.NO_SUPPLY,
            NOBODY + "The gas credit is kept for settling.",
        ),
        (
            {"chain": chain(paused=True)},
            State.NO_SUPPLY,
            NOBODY + "The neighbourhood's authority has paused new orders.",
        ),
        (
            {"relay": "its relay does not answer"},
            State.NO_SUPPLY,
            NOBODY + "The own relay: its relay does not answer.",
        ),
        (
            {"battery": None},
            State.FAULT,
            "The battery's state of charge is not known: the logger has published none yet.",
        ),
        (
            {"battery": battery(19, age=14)},
            State.FAULT,
            "The battery's state of charge is not known: the last one is 14 s old.",
        ),
        ({"trouble": "The code is another's."}, State.FAULT, "The code is another's."),
    ],
)
def test_what_keeps_a_household_from_buying_is_said_in_a_sentence(
    changes: dict[str, Any], state: State, reason: str
) -> None:
    decision = decide(situation(**{"battery": battery(19), **changes}), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is state
    assert decision.view.reason == reason


def test_trading_that_is_switched_off_buys_nothing() -> None:
    decision = decide(situation(battery=battery(1)), policy(enabled=False), Memory())
    assert decision.acts == ()
    assert decision.view.state is State.OFF


def test_nothing_is_bought_before_somebody_has_looked_at_when() -> None:
    decision = decide(situation(battery=battery(1), set_up=False), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view == sentences.SETTING_UP


@pytest.mark.parametrize("known", [battery(19), None])
def test_contracts_that_are_still_to_come_are_waited_for_and_no_fault(known: Battery | None) -> None:
    s = situation(battery=known, waiting="manifest.json is not there yet", sellers=())
    decision = decide(s, POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is State.OFF
    assert decision.view.reason == (
        "Waiting for the neighbourhood's contracts: manifest.json is not there yet."
    )
    assert decision.view.next.startswith("Trading begins by itself then")


def test_the_cheapest_seller_is_chosen() -> None:
    cheap = seller("cedar", offer=offer(price=Price.parse("0.2")))
    decision = decide(situation(battery=battery(19), sellers=(seller(), cheap)), POLICY, Memory())
    [buy] = decision.acts
    assert isinstance(buy, Buy)
    assert buy.seller.name == "cedar"


def test_a_seller_that_failed_is_left_alone_for_a_while() -> None:
    failed = seller(deeds=(deed(Conduct.DROPPED, ago=1, why="it went silent"),))
    s = situation(battery=battery(19), sellers=(failed,))
    decision = decide(s, POLICY, Memory())
    assert decision.view.reason == NOBODY + "Alder: it went silent."
    later = decide(replace(s, wall=WALL + 29), POLICY, Memory())
    assert isinstance(later.acts[0], Buy)


@pytest.mark.parametrize(
    ("percent", "ago", "buys"),
    [(29, 59, False), (29, 60, True), (20, 5, False), (19.9, 5, True), (29, -5, True)],
)
def test_after_a_supply_it_stays_at_home_for_a_while_unless_the_battery_falls_further(
    percent: float, ago: float, buys: bool
) -> None:
    decision = decide(situation(battery=battery(percent), came_home=WALL - ago), POLICY, Memory())
    assert bool(decision.acts) is buys
    if not buys:
        assert decision.view.state is State.HOME
        assert decision.view.next == ("Buys 60 s after that supply, or when the battery falls below 20 %.")


@pytest.mark.parametrize(
    ("balance", "spent", "most", "energy"),
    [
        ("100", "0", 5_000, 1_430),
        ("0.0001", "0", 5_000, 400),
        ("100", "4.9999", 5_000, 400),
        ("100", "0", 700, 700),
    ],
)
def test_an_order_keeps_within_balance_budget_and_offer(
    balance: str, spent: str, most: int, energy: int
) -> None:
    s = situation(
        battery=battery(19),
        chain=chain(balance=Tokens.parse(balance)),
        spent=Tokens.parse(spent),
        sellers=(seller(offer=offer(max_energy=Energy(most))),),
    )
    [buy] = decide(s, POLICY, Memory()).acts
    assert isinstance(buy, Buy)
    assert buy.energy == Energy(energy)


# --- an order begins ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [TradeState.PLANNED, TradeState.ORDERED])
def test_one_order_at_a_time(state: TradeState) -> None:
    decision = decide(situation(battery=battery(10), trades=(trade(state),)), POLICY, Memory())
    assert decision.acts == ()
    assert decision.view.state is State.BUYING


def test_a_confirmed_order_closes_the_feed_then_the_tie() -> None:
    s = situation(battery=battery(19), trades=(trade(),), meter=Meter(forward=500, power=0, sampled=NOW))
    first = decide(s, POLICY, Memory())
    assert first.acts == (CloseFeed(order=ORDER),)
    memory = happened(first.memory, Done(act=first.acts[0]), NOW)
    second = decide(s, POLICY, memory)
    assert second.acts == (CloseTie(channel=11),)


def test_a_feed_that_is_refused_for_now_is_asked_again() -> None:
    s = situation(battery=battery(19), trades=(trade(),), meter=Meter(forward=500, power=0, sampled=NOW))
    first = decide(s, POLICY, Memory())
    failed = Failed(act=first.acts[0], why="the order is not deep enough", retry=0.1)
    memory = happened(first.memory, failed, NOW)
    assert decide(replace(s, now=NOW + 0.05), POLICY, memory).acts == ()
    assert decide(replace(s, now=NOW + 0.1), POLICY, memory).acts == first.acts


def test_a_seller_that_does_not_start_in_time_is_given_up_and_left_alone() -> None:
    s = situation(battery=battery(19), trades=(trade(),), meter=Meter(forward=500, power=0, sampled=NOW))
    memory = supply(Phase.STARTING, began=NOW - 61, trouble="its relay does not answer")
    leaving = decide(s, POLICY, memory)
    assert leaving.memory.supply is not None
    assert leaving.memory.supply.phase is Phase.AT_HOME
    opening = decide(s, POLICY, leaving.memory)
    assert opening.acts == (OpenFeed(order=ORDER),)
    over = decide(s, POLICY, happened(opening.memory, Done(act=opening.acts[0]), NOW))
    assert over.acts == (Finish(order=ORDER, why="Its relay does not answer.", fault=Conduct.REFUSED),)


def test_an_order_that_comes_back_before_it_was_supplied_was_refused() -> None:
    s = situation(
        battery=battery(19), trades=(trade(),), on_chain={ORDER: on_chain(OnChain.RELEASED)},
        meter=Meter(forward=500, power=0, sampled=NOW),
    )  # fmt: skip
    leaving = decide(s, POLICY, supply(Phase.STARTING, began=NOW - 1)).memory.supply
    assert leaving is not None
    assert (leaving.fault, leaving.ending) == (Conduct.REFUSED, "Alder has given the order back")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"feed": Lease(granted=NOW - 5.1)}, Conduct.DROPPED),
        ({"feed": Lease(granted=NOW - 1, refused="the lease ran out")}, Conduct.DROPPED),
        ({"feed": Lease(granted=NOW - 1, refused="it does not keep pace", gap=True)}, Conduct.GAP),
        ({"tie": Lease(granted=NOW - 1, refused="no voltage")}, Conduct.DROPPED),
        ({"feed": Lease(granted=NOW - 1, until=NOW + 5)}, Conduct.CURTAILED),
        ({"tie": Lease(granted=NOW - 5.1)}, None),
        ({"battery": battery(60)}, None),
        (
            {
                "feed": Lease(granted=NOW - 1, refused="used up by the seller's meter"),
                "trades": (trade(TradeState.SUPPLIED, received=Energy(950)),),
            },
            None,
        ),
    ],
)
def test_a_seller_answers_for_what_it_did_alone(changes: dict[str, Any], fault: Conduct | None) -> None:
    leaving = tied(supplied(**changes)).memory.supply
    assert leaving is not None
    assert leaving.fault is fault


def test_a_tie_that_does_not_close_keeps_the_household_from_ordering_again_at_once() -> None:
    s = situation(battery=battery(19), trades=(trade(),), meter=Meter(forward=500, power=0, sampled=NOW))
    memory = supply(Phase.CLOSED, since=NOW - 1, hopeless=True, trouble="the contact has a fault")
    leaving = decide(s, POLICY, memory).memory.supply
    assert leaving is not None
    assert (leaving.fault, leaving.ending) == (Conduct.LINE, "the contact has a fault")


def test_without_a_meter_nothing_is_closed() -> None:
    s = situation(battery=battery(19), trades=(trade(),), meter=Meter(forward=5, power=0, sampled=NOW - 4))
    decision = decide(s, POLICY, Memory())
    assert decision.acts == ()
    assert "the tie's meter is silent" in decision.view.next


# --- supplied -----------------------------------------------------------------------------------------------


def test_a_supply_goes_on_while_all_is_well() -> None:
    decision = tied(supplied())
    assert decision.acts == ()
    assert decision.view.state is State.SUPPLIED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"battery": battery(60)}, "the battery is at 60 %"),
        ({"battery": None}, "the battery's state of charge is unknown"),
        ({"battery": battery(40, age=11)}, "the battery's state of charge is unknown"),
        ({"meter": Meter(forward=800, power=0, sampled=NOW - 3.1)}, "the tie's meter is silent"),
        ({"meter": None}, "the tie's meter is silent"),
        ({"meter": Meter(forward=1_500, power=0, sampled=NOW)}, "the order is used up"),
        ({"meter": Meter(forward=1_490, power=100_000, sampled=NOW)}, "the order is used up"),
        ({"feed": Lease(granted=NOW - 5.1)}, "Alder's relay does not answer"),
        (
            {"feed": Lease(granted=NOW - 1, refused="the lease ran out")},
            "Alder's relay opened its contact: the lease ran out",
        ),
        ({"feed": Lease(granted=NOW - 1, until=NOW + 5)}, "Alder ends the supply"),
        ({"tie": Lease(granted=NOW - 5.1)}, "the own relay does not answer"),
        (
            {"tie": Lease(granted=NOW - 1, refused="no voltage")},
            "the own relay opened its contact: no voltage",
        ),
        ({"on_chain": {ORDER: on_chain(OnChain.REDEEMED)}}, "Alder has settled the order"),
        ({"stopping": True}, "trading is being stopped"),
    ],
)
def test_every_reason_to_end_goes_home_first(changes: dict[str, Any], why: str) -> None:
    decision = tied(supplied(**changes))
    assert decision.acts == (GoHome(channel=11),)
    assert decision.memory.supply is not None
    assert decision.memory.supply.phase is Phase.RETURNING
    assert decision.view.state is State.RETURNING
    assert decision.view.reason == f"Going home: {why}."


def test_the_feed_opens_only_when_home_with_the_last_sample_counted() -> None:
    memory = happened(supply(Phase.RETURNING), Done(act=GoHome(channel=11)), NOW)
    before = supplied(meter=Meter(forward=810, power=0, sampled=NOW - 0.2), now=NOW + 0.3)
    assert decide(before, POLICY, memory).acts == ()
    after = replace(before, meter=Meter(forward=812, power=0, sampled=NOW + 0.8), now=NOW + 0.9)
    assert decide(after, POLICY, memory).acts == (OpenFeed(order=ORDER),)
    silent = replace(before, now=NOW + 2.6)
    assert decide(silent, POLICY, memory).acts == (OpenFeed(order=ORDER),)


def test_going_home_is_tried_until_the_own_lease_has_ended() -> None:
    failed = Failed(act=GoHome(channel=11), why="no answer", retry=0.25)
    memory = happened(supply(Phase.RETURNING, since=NOW), failed, NOW)
    assert decide(supplied(now=NOW + 0.3), POLICY, memory).acts == (GoHome(channel=11),)
    later = decide(supplied(now=NOW + FORGOTTEN + 0.1), POLICY, memory)
    assert later.memory.supply is not None
    assert later.memory.supply.phase is Phase.AT_HOME


def test_a_restart_resumes_the_order_it_had() -> None:
    decision = decide(supplied(feed=None, tie=None), POLICY, Memory())
    assert decision.acts == (CloseFeed(order=ORDER),)


def test_a_restart_with_a_full_battery_goes_home_and_hands_over_the_voucher() -> None:
    decision = decide(supplied(feed=None, tie=None, battery=battery(70)), POLICY, Memory())
    assert decision.acts == (GoHome(channel=11),)


# --- a successor --------------------------------------------------------------------------------------------

NEARLY = Meter(forward=1_460, power=20_000, sampled=NOW)


def test_a_successor_is_funded_before_the_order_is_used_up() -> None:
    [buy] = tied(supplied(meter=NEARLY)).acts
    assert isinstance(buy, Buy)
    assert buy.previous == ORDER
    assert buy.energy == Energy((6_000 - 4_000) * 3_000 // 10_000 + 200)


@pytest.mark.parametrize(
    "changes",
    [
        {"sellers": (seller(offer=None),)},
        {"sellers": (seller(offer=offer(price=Price.parse("0.41"))),)},
        {"chain": chain(balance=Tokens(0))},
        {"chain": chain(trouble="The chain stands still.")},
        {"chain": chain(paused=True)},
        {"chain": chain(barred="The gas credit is kept for settling.")},
        {"sellers": (seller(deeds=(deed(Conduct.REVERTED, ago=5),)),)},
        {"on_chain": {ORDER: on_chain(OnChain.WAITING)}},
        {"on_chain": {ORDER: on_chain(OnChain.CLOSING)}},
    ],
)
def test_no_successor_where_it_cannot_be_had(changes: dict[str, Any]) -> None:
    assert tied(supplied(**{"meter": NEARLY, **changes})).acts == ()


def test_one_successor_is_enough() -> None:
    after = trade(TradeState.PLANNED, order=SUCCESSOR, previous=ORDER)
    s = supplied(meter=NEARLY, trades=(trade(TradeState.SUPPLIED), after))
    assert tied(s).acts == ()


def test_with_a_confirmed_successor_a_used_up_order_goes_on() -> None:
    after = trade(TradeState.CONFIRMED, order=SUCCESSOR, previous=ORDER)
    used_up = Meter(forward=1_500, power=20_000, sampled=NOW)
    s = supplied(meter=used_up, trades=(trade(TradeState.SUPPLIED), after))
    assert tied(s).acts == ()


def test_a_supply_that_rolled_over_stays_tied() -> None:
    after = trade(TradeState.SUPPLIED, order=SUCCESSOR, previous=ORDER, baseline=1_500)
    before = trade(TradeState.ENDED, vouchered=Energy(1_000))
    decision = tied(supplied(trades=(before, after), meter=Meter(forward=1_510, power=20_000, sampled=NOW)))
    assert decision.acts == ()
    assert decision.memory.supply is not None
    assert decision.memory.supply.order == SUCCESSOR
    assert decision.memory.supply.phase is Phase.TIED


def test_an_unused_successor_ends_with_its_predecessor() -> None:
    after = trade(TradeState.CONFIRMED, order=SUCCESSOR, previous=ORDER)
    s = supplied(trades=(trade(TradeState.SUPPLIED), after))
    decision = decide(s, POLICY, supply(Phase.AT_HOME, hopeless=True, ending="the battery is at 60 %"))
    why = "The battery is at 60 %."
    assert decision.acts == (Finish(order=ORDER, why=why), Finish(order=SUCCESSOR, why=why))


# --- settlement ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "vouchered", "waited", "asked", "head", "expected"),
    [
        (OnChain.OPEN, 300, 59, (), 100, None),
        (OnChain.OPEN, 300, 60, (), 100, RequestClose(order=ORDER)),
        (OnChain.OPEN, 0, 0, (), 100, RequestClose(order=ORDER)),
        (OnChain.WAITING, 0, 0, (), 100, RequestClose(order=ORDER)),
        (OnChain.OPEN, 300, 60, (f"close:{ORDER}",), 100, None),
        (OnChain.CLOSING, 300, 60, (), 109, None),
        (OnChain.CLOSING, 300, 60, (), 110, Reclaim(order=ORDER)),
        (OnChain.CLOSING, 300, 60, (f"reclaim:{ORDER}",), 110, None),
        (OnChain.REDEEMED, 300, 60, (), 110, None),
    ],
)
def test_an_order_that_the_seller_does_not_settle_is_closed_and_reclaimed(
    state: OnChain, vouchered: int, waited: float, asked: tuple[str, ...], head: int, expected: object
) -> None:
    ended = trade(TradeState.ENDED, vouchered=Energy(vouchered))
    s = situation(
        trades=(ended,),
        wall=WALL + waited,
        chain=chain(head=head),
        on_chain={ORDER: on_chain(state, reclaim_from=110 if state is OnChain.CLOSING else None)},
        asked=frozenset(asked),
    )
    assert decide(s, POLICY, Memory()).acts == ((expected,) if expected else ())
