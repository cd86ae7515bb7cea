"""Amounts of different kinds cannot be mixed up, and none of them rounds silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantities import Energy, Power, Price, SoC, Tokens

integers = st.integers(min_value=-(10**30), max_value=10**30)


@given(integers, integers)
def test_amounts_add_and_compare_like_their_integers(a: int, b: int) -> None:
    assert Energy(a) + Energy(b) == Energy(a + b)
    assert Energy(a) - Energy(b) == Energy(a - b)
    assert (Energy(a) < Energy(b)) == (a < b)


@pytest.mark.parametrize("other", [Power(1), Tokens(1), Price(1), SoC(1)])
def test_an_energy_goes_only_with_energies(other: object) -> None:
    with pytest.raises(TypeError):
        Energy(1) + other  # type: ignore[operator]


@pytest.mark.parametrize("value", [1.0, "1", True, None])
def test_an_amount_takes_integers_only(value: object) -> None:
    with pytest.raises(TypeError):
        Energy(value)  # type: ignore[arg-type]


def test_energy_is_read_exactly() -> None:
    assert Energy.from_wh("3.25") == Energy(3_250)
    with pytest.raises(ValueError, match="more than 3 decimals"):
        Energy.from_wh("0.0001")


def test_power_held_for_a_time_is_energy() -> None:
    assert Power.from_watts(60).over(60) == Energy(1_000)


def test_energy_shows_itself_at_a_human_scale() -> None:
    assert [str(Energy(n)) for n in (0, 999, 1_500, 2_340_000)] == ["0 mWh", "999 mWh", "1.50 Wh", "2.34 kWh"]


@given(st.integers(min_value=0, max_value=2**64 - 1), st.integers(min_value=0, max_value=2**100))
def test_a_cost_is_rounded_down_as_the_contract_does(mwh: int, price: int) -> None:
    assert Price(price).cost(Energy(mwh)).value == mwh * price // 10**6


@given(st.integers(min_value=0, max_value=2**100), st.integers(min_value=1, max_value=2**80))
def test_what_is_afforded_costs_no_more_than_the_tokens(tokens: int, price: int) -> None:
    energy = Price(price).affords(Tokens(tokens))
    assert Price(price).cost(energy) <= Tokens(tokens)
    assert Price(price).cost(energy + Energy(1)).value >= tokens or Price(price).cost(Energy(1)).value == 0


def test_tokens_are_exact_to_the_base_unit() -> None:
    assert Tokens.parse("12.000000000000000001").value == 12 * 10**18 + 1
    with pytest.raises(ValueError, match="decimals"):
        Tokens.parse("0.0000000000000000001")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_measured_state_of_charge_is_clamped(percent: float) -> None:
    assert 0 <= SoC.nearest(percent).value <= 10_000


def test_a_state_of_charge_beyond_full_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 100 %"):
        SoC(10_001)


def test_the_energy_to_a_target_is_nothing_above_it() -> None:
    capacity = Energy(3_000)
    assert SoC.from_percent(30).below(SoC.from_percent(60), capacity) == Energy(900)
    assert SoC.from_percent(70).below(SoC.from_percent(60), capacity) == Energy(0)


def test_a_price_and_a_state_of_charge_show_no_idle_zeros() -> None:
    assert str(Price.parse("280")) == "280 tokens per kWh"
    assert str(Price.parse("0.25")) == "0.25 tokens per kWh"
    assert [str(SoC(n)) for n in (0, 3_000, 2_984, 10_000)] == ["0 %", "30 %", "29.8 %", "100 %"]
