"""The price by the household's clock and its battery."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from node.client_interaction.pricing import BAND, Moment, price_at, stands
from node.client_interaction.settings import FeedOffer
from node.hours import MINUTES
from quantities import Price, SoC

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def feed(*rules: dict[str, Any]) -> FeedOffer:
    return FeedOffer.model_validate({"contact": 1, "price": "0.25", "max_energy": "5 Wh", "prices": rules})


def at(text: str) -> Moment:
    """ "fri 17:59"."""
    day, clock = text.split()
    hours, minutes = clock.split(":")
    return Moment(weekday=DAYS.index(day), minute=int(hours) * 60 + int(minutes))


SUNNY = {"above": "90 %", "price": "0.18"}
NOON = {"days": ["sat", "sun"], "after": "10:00", "before": "16:00", "price": "0.20"}
EVENING = {"after": "18:00", "before": "22:00", "price": "0.32"}
NIGHT = {"days": ["fri"], "after": "22:00", "before": "06:00", "price": "0.10"}
LOW = {"below": "50 %", "price": "0.35"}


@pytest.mark.parametrize(
    ("moment", "percent", "price"),
    [
        ("fri 12:00", 70, "0.25"),
        ("fri 12:00", 90, "0.18"),
        ("fri 12:00", 89.99, "0.25"),
        ("sat 12:00", 70, "0.20"),
        ("sat 12:00", 95, "0.18"),
        ("sat 09:59", 70, "0.25"),
        ("sat 10:00", 70, "0.20"),
        ("sat 15:59", 70, "0.20"),
        ("sat 16:00", 70, "0.25"),
        ("mon 18:00", 70, "0.32"),
        ("mon 21:59", 70, "0.32"),
        ("mon 22:00", 70, "0.25"),
        ("fri 22:00", 70, "0.10"),
        ("sat 05:59", 70, "0.10"),
        ("sat 06:00", 70, "0.25"),
        ("fri 05:59", 70, "0.25"),
        ("mon 12:00", 49, "0.35"),
        ("mon 12:00", 50, "0.25"),
    ],
)
def test_the_first_rule_that_applies_counts(moment: str, percent: float, price: str) -> None:
    given_ = feed(SUNNY, NOON, EVENING, NIGHT, LOW)
    assert price_at(given_, at(moment), SoC(round(percent * 100))) == Price.parse(price)


def test_the_order_of_the_rules_decides() -> None:
    assert price_at(feed(NOON, SUNNY), at("sat 12:00"), SoC(9_500)) == Price.parse("0.20")


def test_yaml_may_write_a_time_with_or_without_quotes() -> None:
    unquoted = {"after": 18 * 60, "before": 22 * 60, "price": "0.32"}  # what YAML makes of 18:00
    assert feed(unquoted) == feed(EVENING)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"price": "0.20"}, "has no condition"),
        ({"price": "0.20", "days": ["someday"]}, "there is no day 'someday'"),
        ({"price": "0.20", "after": "25:00"}, "write a time of day as hours and minutes"),
        ({"price": "0.20", "after": "18"}, "write a time of day as hours and minutes"),
        ({"price": "0.20", "after": 18}, "write a time of day as hours and minutes"),
        ({"price": "0.20", "after": True}, "write a time of day as hours and minutes"),
        ({"price": "0.20", "after": "18:00", "before": "18:00"}, "are the same time"),
        ({"price": "0.20", "above": "60 %", "below": "50 %"}, "no battery is above 60 % and below 50 %"),
        ({"price": "0", "above": "60 %"}, "the market takes no offer without a price"),
    ],
)
def test_a_rule_without_sense_is_refused_with_what_to_write(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        feed(rule)


HOURS = st.integers(0, MINUTES - 1)
MOMENTS = st.builds(Moment, weekday=st.integers(0, 6), minute=HOURS)


@settings(deadline=None)
@given(MOMENTS, HOURS, HOURS, st.integers(0, 10_000))
def test_a_day_falls_into_the_hours_of_a_rule_and_the_others(
    moment: Moment, after: int, before: int, soc: int
) -> None:
    """Turned round, the hours of a rule hold exactly when they did not."""
    if after == before:
        return
    hours = [f"{minute // 60:02}:{minute % 60:02}" for minute in (after, before)]
    there = feed({"after": hours[0], "before": hours[1], "price": "0.10"})
    back = feed({"after": hours[1], "before": hours[0], "price": "0.10"})
    prices = {price_at(each, moment, SoC(soc)) for each in (there, back)}
    assert prices == {Price.parse("0.10"), Price.parse("0.25")}


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 10_000), st.integers(-BAND, BAND))
def test_a_state_of_charge_that_trembles_changes_no_price(moment: Moment, soc: int, by: int) -> None:
    given_ = feed(SUNNY, EVENING, LOW)
    published = price_at(given_, moment, SoC(soc))
    assert stands(given_, published, moment, SoC(min(max(soc + by, 0), 10_000)))


@pytest.mark.parametrize(("percent", "same"), [(91, True), (88, True), (87.9, False)])
def test_a_price_falls_back_when_the_battery_is_well_below_the_edge(percent: float, same: bool) -> None:
    assert stands(feed(SUNNY), Price.parse("0.18"), at("mon 12:00"), SoC(round(percent * 100))) is same
