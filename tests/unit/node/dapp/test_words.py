import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.dapp import words
from quantities import Price, Tokens


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (12.4, "12 s"),
        (60, "1 min"),
        (3_600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert words.lasting(seconds) == said


@pytest.mark.parametrize(
    ("mw", "said"), [(0, "0.0 W"), (-4_210, "4.2 W"), (123_400, "123 W"), (1_240_000, "1.24 kW")]
)
def test_powers_have_three_figures(mw: int, said: str) -> None:
    assert words.watts(mw) == said


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("0", "0 tokens"),
        ("93.4182", "93.42 tokens"),
        ("0.000525", "0.000525 tokens"),
        ("0.5", "0.5 tokens"),
        ("0.00000012", "0.00000012 tokens"),
    ],
)
def test_small_money_keeps_its_figures(given_: str, said: str) -> None:
    assert words.tokens(Tokens.parse(given_).value) == said


@given(st.integers(0, 10**24))
def test_money_never_shows_an_exponent(base: int) -> None:
    assert "E" not in words.tokens(base).upper().replace("TOKENS", "")


@pytest.mark.parametrize(
    ("given_", "said"),
    [("0.25", "0.25 tokens per kWh"), ("3", "3 tokens per kWh"), ("0.1234", "0.1234 tokens per kWh")],
)
def test_prices(given_: str, said: str) -> None:
    assert words.price(Price.parse(given_).value) == said


def test_names_are_listed_as_people_do() -> None:
    assert words.listed([]) == ""
    assert words.listed(["Alder"]) == "Alder"
    assert words.listed(["Alder", "Cedar", "Dogwood"]) == "Alder, Cedar and Dogwood"


def test_a_moment_of_another_day_has_its_date() -> None:
    assert words.clock(0.0, 30.0).count(":") == 2
    assert "Jan" in words.clock(0.0, 40 * 86_400.0)
