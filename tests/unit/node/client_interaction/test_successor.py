"""A successor is funded when the running order will not do, and not for a last second of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.client_interaction.acts import Buy, GoHome
from node.client_interaction.core import decide
from node.client_interaction.lift import Start, lifts
from node.client_interaction.memory import Memory, Phase, Supply
from node.client_interaction.situation import Battery, Lease, Meter, Situation
from node.client_interaction.status import State
from node.client_interaction.successor import successor
from node.client_interaction.trade import TradeState
from quantities import Energy, SoC
from tests.unit.node.client_interaction.made import (
    NOW,
    ORDER,
    POLICY,
    WALL,
    battery,
    chain,
    on_chain,
    supplied,
    trade,
)

BEGAN = Start(soc=SoC(2_900), forward=500)
"""Limit and resume are at 30 and 60 %, the order is of 1,000 mWh, the battery holds 3,000."""


def at(percent: float, received: int, power: int = 20_000) -> Situation:
    """So full, after so much of the order."""
    return supplied(
        battery=battery(percent), meter=Meter(forward=500 + received, power=power, sampled=NOW - 0.2)
    )


@pytest.mark.parametrize(
    ("percent", "received", "will_do"),
    [
        (57, 900, True),  # 3.1 % to come, 3 % needed
        (56, 900, True),  # 3.0 % to come, 4 % needed: near enough, being a tenth of the way from 30 to 60 %
        (53, 900, False),  # 2.7 % to come, 7 % needed
        (56, 950, True),
        (55, 950, False),
        (59.9, 1_000, True),
        (29, 950, False),
        (20, 950, False),
        (35, 149, False),  # too little of a battery of 3,000 mWh to tell
        (35, 150, True),
    ],
)
def test_what_is_left_is_weighed_by_what_was_gained(percent: float, received: int, will_do: bool) -> None:
    assert lifts(at(percent, received), POLICY, trade(TradeState.SUPPLIED), BEGAN) is will_do


@pytest.mark.parametrize("start", [None, Start(soc=SoC(2_900), forward=1_460), BEGAN])
def test_where_it_cannot_be_told_the_supply_is_not_to_break(start: Start | None) -> None:
    s = supplied(battery=battery(29), meter=Meter(forward=1_460, power=20_000, sampled=NOW))
    buy = successor(s, POLICY, trade(TradeState.SUPPLIED), start)
    assert buy is not None
    assert buy.previous == ORDER


def test_an_order_that_will_do_gets_no_successor() -> None:
    assert successor(at(59, 960), POLICY, trade(TradeState.SUPPLIED), BEGAN) is None
    assert successor(at(50, 960), POLICY, trade(TradeState.SUPPLIED), BEGAN) is not None


@pytest.mark.parametrize(
    ("period", "depth", "seconds_left", "funded"),
    [
        (1.0, 1, 11, False),
        (1.0, 1, 9, True),
        (1.0, 1, 2.5, True),
        (1.0, 1, 1.5, False),
        (5.0, 2, 31, False),
        (5.0, 2, 29, True),
        (5.0, 2, 14, False),
    ],
)
def test_it_is_funded_late_but_in_time_to_be_mined_and_confirmed(
    period: float, depth: int, seconds_left: float, funded: bool
) -> None:
    power = 36_000  # 10 mWh a second
    s = replace(
        supplied(meter=Meter(forward=1_500 - round(seconds_left * 10), power=power, sampled=NOW)),
        chain=chain(period=period, depth=depth),
    )
    assert (successor(s, POLICY, trade(TradeState.SUPPLIED), None) is not None) is funded


def test_the_start_of_a_supply_is_remembered_once() -> None:
    memory = Memory(
        supply=Supply(order=ORDER, seller="alder", channel=11, began=NOW, phase=Phase.TIED, since=NOW),
        state=State.SUPPLIED,
        since=WALL,
    )
    first = decide(at(29, 0), POLICY, memory).memory
    assert first.supply is not None
    assert first.supply.start == BEGAN
    second = decide(at(40, 300), POLICY, first).memory
    assert second.supply is not None
    assert second.supply.start == BEGAN


TICK = 0.5


@settings(deadline=None)
@given(
    energy=st.integers(600, 3_000),
    power=st.integers(20, 200),
    kept=st.floats(0.2, 1.0),
    soc=st.integers(1_000, 2_900),
    period=st.sampled_from([1.0, 2.0]),
)
def test_whatever_the_household_uses_meanwhile_it_is_funded_if_needed_and_only_then(
    energy: int, power: int, kept: float, soc: int, period: float
) -> None:
    """A whole supply at even power, of which the battery keeps a part."""
    gain = kept * 10_000 / POLICY.capacity.mwh
    current = trade(TradeState.SUPPLIED, energy=Energy(energy))
    memory = Memory(
        supply=Supply(order=ORDER, seller="alder", channel=11, began=NOW, phase=Phase.TIED, since=NOW)
    )
    now, received, left_when_funded = NOW, 0.0, None
    while left_when_funded is None:
        now, received = now + TICK, received + power * 1_000 * TICK / 3_600
        meter = Meter(forward=500 + int(received), power=power * 1_000, sampled=now)
        s = Situation(
            now=now, wall=WALL, battery=Battery(soc=SoC(min(int(soc + gain * received), 10_000)), age=0.5),
            chain=chain(period=period), sellers=supplied().sellers, trades=(current,),
            on_chain={ORDER: on_chain()}, meter=meter,
            feed=Lease(granted=now), tie=Lease(granted=now),
        )  # fmt: skip
        decision = decide(s, POLICY, memory)
        memory = decision.memory
        if any(isinstance(act, GoHome) for act in decision.acts):
            break
        if any(isinstance(act, Buy) for act in decision.acts):
            left_when_funded = (energy - received) / (power * 1_000 / 3_600)
    reached = soc + gain * energy
    lead = 5 + period * 4
    known_early = (energy - lead * power * 1_000 / 3_600) > POLICY.capacity.mwh / 20 + power
    if reached < 5_650:
        assert left_when_funded is not None
    if reached > 5_750 and known_early:
        assert left_when_funded is None
    if left_when_funded is not None:
        assert left_when_funded >= period * 2 - TICK
