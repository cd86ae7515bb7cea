from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.dapp.flows import Flow, Way, flows
from node.dapp.household import Household
from node.dapp.sources import Battery, Observation
from store.registers import Register
from tests.integration.dapp import made_up

HOUSE = made_up.household(Path("/nowhere"))


def seen(age: float = 0.0, **powers: int) -> Observation:
    names = {name.replace("_", "-"): power for name, power in powers.items()}
    meters = {
        name: Register(meter=name, forward=0, reverse=0, power=power, sampled=0.0)
        for name, power in names.items()
    }
    return Observation(unix=0.0, meters=meters, ages=dict.fromkeys(names, age))


EVERYTHING = {"battery": 20_000, "panel": 12_000, "load": 74_000, "tie_11": 82_000, "tie_12": 0, "feed_1": 0}


def test_what_charges_leaves_the_middle_and_what_is_made_enters_it() -> None:
    found = flows(HOUSE, seen(**EVERYTHING))
    assert found.panel
    assert found.battery
    assert found.neighbours
    assert (found.panel.way, found.battery.way, found.neighbours.way, found.house.way) == (
        Way.IN,
        Way.OUT,
        Way.IN,
        Way.OUT,
    )


def test_what_is_sold_leaves_the_middle() -> None:
    found = flows(HOUSE, seen(**{**EVERYTHING, "tie_11": 0, "feed_1": 30_000}))
    assert found.neighbours
    assert found.neighbours.power == -30_000
    assert found.neighbours.way is Way.OUT


def test_an_old_meter_shows_no_direction() -> None:
    found = flows(HOUSE, seen(age=6.0, **EVERYTHING))
    assert found.house.stale
    assert found.house.way is Way.UNKNOWN


def test_a_missing_meter_is_unknown_not_nothing() -> None:
    assert flows(HOUSE, seen()).house.power is None


def test_one_silent_line_does_not_hide_the_other() -> None:
    found = flows(HOUSE, seen(tie_11=82_000))
    assert found.neighbours
    assert found.neighbours.power == 82_000


@pytest.mark.parametrize(("power", "way"), [(49, Way.IDLE), (-49, Way.IDLE), (50, Way.IN), (-50, Way.OUT)])
def test_a_meters_noise_is_no_flow(power: int, way: Way) -> None:
    assert Flow(power=power).way is way


def test_a_household_without_panel_has_no_such_arm() -> None:
    assert flows(replace(HOUSE, panels=()), seen(**EVERYTHING)).panel is None


def test_a_battery_without_register_is_read_from_its_state() -> None:
    state = Battery(soc=5_000, voltage=3_700, power=-900, confidence=90, age=1.0)
    found = flows(HOUSE, replace(seen(), battery=state))
    assert found.battery
    assert found.battery.way is Way.IN


@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_a_house_without_a_meter_draws_what_the_others_leave(panel: int, battery: int, tie: int) -> None:
    house = Household(
        name="x", run=Path(), state=Path(), battery="battery", panels=("panel",), ties=HOUSE.ties[:1]
    )
    found = flows(house, seen(panel=panel, battery=battery, tie_11=tie))
    assert found.house.power == -max(panel + tie - battery, 0)
    assert not found.house.measured
