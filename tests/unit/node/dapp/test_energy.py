"""The Energy page: what is counted, what it is worth, and what is said where nothing is known."""

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from node.dapp import consumption
from node.dapp.app import create_app
from node.dapp.consumption import Bar, Prices, bars, priced, spots
from node.dapp.measures import Unit, exact, measure, said, total
from node.dapp.periods import Period, Span, period
from node.dapp.users import set_password
from node.local_time import unix_ms
from node.readings.interface import Sample
from node.readings.sqlite import SqliteReadings
from quantities import Power
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

PARIS = ZoneInfo("Europe/Paris")
HOUSE = replace(made_up.household(Path("none")), ties=made_up.household(Path("none")).ties[:1])
NOON = unix_ms(datetime(2026, 11, 25, 12, tzinfo=PARIS))
HOUR = 3_600_000


def hours(tmp_path: Path, *rows: tuple[int, int]) -> SqliteReadings:
    """A store in which, hour by hour up to noon, the load drew and the tie gave so many mWh."""
    readings, load, tie = SqliteReadings(tmp_path / "readings.db"), 0, 0
    samples = []
    for place, (drew, bought) in enumerate([(0, 0), *rows]):
        at, load, tie = NOON - (len(rows) - place) * HOUR, load + drew, tie + bought
        samples += [
            Sample(meter="load", taken=at, power=drew, forward=load, reverse=0),
            Sample(meter="tie-11", taken=at, power=bought, forward=tie, reverse=0),
            Sample(meter="battery", taken=at, soc=5_000 + place, voltage=3_700 + place),
        ]
    readings.append(samples)
    return readings


def today(span: Span = Span.DAY) -> Period:
    return period(span, date(2026, 11, 25), PARIS, NOON)


def in_wh(found: list[Bar], kind: str) -> list[str]:
    return [exact(measure(bar, kind, Unit.ENERGY), Unit.ENERGY) for bar in found]


def test_own_energy_is_what_was_used_and_not_bought(tmp_path: Path) -> None:
    with hours(tmp_path, (5_000, 0), (5_000, 2_000), (1_000, 4_000)) as readings:
        found = bars(HOUSE, readings, today(), NOON)
    assert in_wh(found, "own")[9:12] == ["5", "3", "0"]
    assert in_wh(found, "bought")[9:12] == ["0", "2", "4"]
    assert in_wh(found, "used")[12:] == [""] * 12, "what is to come is not nothing, but unknown"
    assert in_wh(found, "used")[:8] == [""] * 8, "nor is what was before the first sample"
    whole = total(found)
    assert in_wh([whole], "own") + in_wh([whole], "bought") + in_wh([whole], "used") == ["8", "6", "11"]


def test_watts_are_the_mean_of_the_time_that_is_over(tmp_path: Path) -> None:
    with hours(tmp_path, (5_000, 0), (5_000, 2_000)) as readings:
        found = bars(HOUSE, readings, today(), NOON)
        half = bars(HOUSE, readings, today(), NOON - HOUR // 2)
    assert measure(found[11], "used", Unit.WATTS) == 5_000
    assert half[11].lasted == 1_800
    assert said(measure(found[11], "used", Unit.WATTS), Unit.WATTS, "") == "5.0 W"


def test_every_span_tells_the_same_sum(tmp_path: Path) -> None:
    with hours(tmp_path, (5_000, 0), (5_000, 2_000), (1_000, 4_000)) as readings:
        sums = {
            span: total(bars(HOUSE, readings, today(span), NOON)).bought for span in Span if span != Span.NOW
        }
    assert set(sums.values()) == {6_000 * 3_600}


def test_each_hour_is_worth_what_it_cost_then(tmp_path: Path) -> None:
    prices = Prices(plan=made_up.GRID, where=PARIS, files={})
    with hours(tmp_path, *[(1_000_000, 0)] * 6, (1_000_000, 250_000)) as readings:
        found = priced(HOUSE, readings, bars(HOUSE, readings, today(), NOON), prices, NOON)
        week = priced(HOUSE, readings, bars(HOUSE, readings, today(Span.WEEK), NOON), prices, NOON)
    assert [bar.cost_own for bar in found[5:7]] == [182_800, 251_600], "until six it is the night's price"
    assert (found[11].cost_own, found[11].cost_bought) == (188_700, 62_900)
    assert measure(total(week), "used", Unit.MONEY) == 182_800 + 6 * 251_600


def test_a_price_that_changes_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "MOST_CHANGES", 3)
    prices = Prices(plan=made_up.GRID, where=PARIS, files={})
    with hours(tmp_path, (1, 0)) as readings, pytest.raises(consumption.TooManyPrices, match="shorter"):
        priced(HOUSE, readings, bars(HOUSE, readings, today(Span.WEEK), NOON), prices, NOON)


def test_the_battery_is_shown_where_its_samples_are_kept(tmp_path: Path) -> None:
    with hours(tmp_path, (5_000, 0)) as readings:
        found = spots(HOUSE, readings, today(), NOON, points=24)
    assert [spot.soc for spot in found] == [None] * 10 + [5_000, 5_001]
    assert found[-1].voltage == 3_701


def test_without_readings_the_page_says_what_to_do(member: Visitor) -> None:
    page = member.get("/energy")
    assert "commonwatt logger run" in page
    assert "commonwatt logger run" in member.client.get("/data/energy", base_url=ORIGIN).get_json()["empty"]


def test_every_span_is_shown_in_every_unit(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    for span, unit in product(Span, Unit):
        _shown(member, span, unit)


def _shown(member: Visitor, span: Span, unit: Unit) -> None:
    page = member.get(f"/energy?span={span}&unit={unit}")
    assert "The house used" in page
    assert "problem" not in page
    told = member.client.get(f"/data/energy?span={span}&unit={unit}", base_url=ORIGIN).get_json()
    assert not told["empty"]
    assert len(told["labels"]) == len(told["series"][0]["values"]) == len(told["series"][1]["says"])
    assert any(told["series"][0]["values"])
    assert told["unit"] == {Unit.WATTS: "W", Unit.ENERGY: "Wh", Unit.MONEY: "EUR"}[unit]
    assert (told["threshold"] is None) is (unit is Unit.MONEY)


def test_the_threshold_is_the_households(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    told = member.client.get("/data/energy?span=day&unit=kWh", base_url=ORIGIN).get_json()
    assert set(told["threshold"]) == {80.0}, "80 W for an hour"
    assert "threshold, 80" in member.get("/energy")


def test_what_is_shown_is_exported(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    answer = member.client.get("/energy.csv?span=now&unit=W", base_url=ORIGIN)
    rows = list(csv.DictReader(answer.text.splitlines()))
    told = member.client.get("/data/energy?span=now&unit=W", base_url=ORIGIN).get_json()
    assert len(rows) == 60
    assert {row["own W"] for row in rows} >= {f"{value:g}" for value in told["series"][0]["values"][5:20]}
    assert "birch-energy-now" in answer.headers["Content-Disposition"]
    charge = list(csv.DictReader(member.get("/battery.csv?span=day").splitlines()))
    assert any(row["charge %"] for row in charge)


def test_charge_and_voltage_are_drawn_in_the_cells_range(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    charge = member.client.get("/data/energy/charge?span=day", base_url=ORIGIN).get_json()
    assert charge["range"] == [0, 100]
    assert charge["marks"] == {"limit": 30.0, "resume": 60.0}
    voltage = member.client.get("/data/energy/voltage?span=day", base_url=ORIGIN).get_json()
    assert voltage["range"] == [2.8, 4.2]
    assert any(voltage["columns"][1])


def test_a_tariff_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    house = replace(made_up.household(tmp_path), tariffs=(), threshold=Power(5_000))
    visitor = Visitor(create_app(house).test_client(), set_password(house.state))
    made_up.furnish(tmp_path)
    assert visitor.log_in() == 302
    assert "write a tariff" in visitor.get("/energy?unit=money")


def test_what_is_no_time_or_unit_is_not_found(member: Visitor) -> None:
    for asked in ("span=decade", "unit=horses", "on=yesterday", "on=2026-13-01"):
        assert member.code(f"/energy?{asked}") == 404
        assert member.code(f"/data/energy?{asked}") == 404


def test_the_period_before_is_one_click_away(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    yesterday = datetime.now(PARIS).date() - timedelta(days=1)
    assert f"on={yesterday}" in member.get("/energy?span=day")
    assert 'rel="next"' not in member.get("/energy?span=day")
    assert 'rel="next"' in member.get(f"/energy?span=day&on={yesterday}")
