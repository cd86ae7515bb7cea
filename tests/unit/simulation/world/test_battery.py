import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.world import BatterySpec, battery

PACK = BatterySpec(capacity=4_000, soc=0.5)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_fuller_battery_has_no_lower_voltage(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert battery.open_circuit(low) <= battery.open_circuit(high) + 1e-12


@given(st.floats(20, 28), st.floats(0.001, 0.2), st.floats(-500, 500))
def test_the_current_puts_the_asked_power_into_the_terminals(volts: float, ohms: float, power: float) -> None:
    if power < -volts * volts / (4 * ohms):
        return  # beyond what the pack can give at all
    amperes = battery.current(volts, ohms, power)
    assert volts * amperes + ohms * amperes**2 == pytest.approx(power, abs=1e-6)


def test_a_full_pack_takes_nothing() -> None:
    assert battery.acceptance(PACK, PACK.capacity, 0.01) == 0


def test_the_protection_stands_between_the_pack_and_too_much() -> None:
    assert battery.can_give(PACK, 2_000, PACK.discharge, 0.01)
    assert not battery.can_give(PACK, 2_000, PACK.discharge + 1, 0.01)


def test_an_empty_pack_gives_nothing() -> None:
    assert not battery.can_give(PACK, 0.0, 1.0, 0.01)
