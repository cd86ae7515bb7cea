"""What energy costs, by the household's clock: also where that jumps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from node.hours import DAYS
from node.local_time import unix_ms, written
from node.tariffs.errors import BadIntervals
from node.tariffs.intervals import IntervalFiles, parse
from node.tariffs.pieces import cost, pieces
from node.tariffs.plan import MONTHS, Charge, Intervals, Plan, Rate, Version, charge_at, plan_of
from node.tariffs.settings import TariffSettings

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR = 60_000, 3_600_000

NIGHT = Rate(name="night", price=100_000, night=True, after=22 * 60, before=6 * 60)
PLAN = Plan(
    name="grid",
    currency="EUR",
    versions=(
        Version(since=date(2025, 1, 1), price=200_000, rates=(NIGHT,)),
        Version(since=date(2026, 1, 1), price=250_000, rates=(replace(NIGHT, price=150_000),)),
    ),
)


def at(text: str) -> int:
    """A moment by the clock of Paris."""
    return unix_ms(datetime.fromisoformat(text).replace(tzinfo=PARIS))


def price(text: str, plan: Plan = PLAN) -> int | None:
    charge = charge_at(plan, at(text), PARIS)
    return None if charge is None else charge.price


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2024-12-31T23:59:59", None),
        ("2025-01-01T00:00", 100_000),
        ("2025-06-01T05:59:59", 100_000),
        ("2025-06-01T06:00", 200_000),
        ("2025-06-01T22:00", 100_000),
        ("2025-12-31T23:59:59", 100_000),
        ("2026-01-01T00:00", 150_000),
        ("2026-01-01T12:00", 250_000),
    ],
)
def test_each_moment_has_the_price_of_its_hours_and_version(when: str, expected: int | None) -> None:
    assert price(when) == expected


def test_hours_past_midnight_belong_to_the_day_and_month_on_which_they_began() -> None:
    rate = replace(NIGHT, days=("fri",), months=("jan",))
    plan = replace(PLAN, versions=(replace(PLAN.versions[0], rates=(rate,)),))
    assert price("2025-01-31T23:00", plan) == 100_000  # a Friday
    assert price("2025-02-01T05:00", plan) == 100_000
    assert price("2025-02-01T23:00", plan) == 200_000
    assert price("2025-01-31T05:00", plan) == 200_000


def test_a_new_version_changes_nothing_of_before() -> None:
    start, end = at("2025-03-01T00:00"), at("2025-12-31T00:00")
    newer = Version(since=date(2027, 1, 1), price=1)
    assert pieces(replace(PLAN, versions=(*PLAN.versions, newer)), start, end, PARIS) == pieces(
        PLAN, start, end, PARIS
    )


@pytest.mark.parametrize(
    ("day", "hours", "at_night"),
    [("2025-03-30", 23, 7), ("2025-10-26", 25, 9), ("2025-06-15", 24, 8)],
)
def test_a_day_on_which_the_clock_jumps_has_its_own_length(day: str, hours: int, at_night: int) -> None:
    start = at(day)
    end = at(str(date.fromisoformat(day) + timedelta(days=1)))
    found = pieces(PLAN, start, end, PARIS)
    assert sum(piece.end - piece.start for piece in found) == hours * HOUR
    night = sum(piece.end - piece.start for piece in found if piece.charge and piece.charge.night)
    assert night == at_night * HOUR


def test_hours_that_begin_in_the_hour_that_comes_twice_hold_twice() -> None:
    rate = Rate(name="deep", price=1, after=150, before=180)  # 02:30 to 03:00
    plan = replace(PLAN, versions=(replace(PLAN.versions[0], rates=(rate,)),))
    found = pieces(plan, at("2025-10-26T00:00"), at("2025-10-27T00:00"), PARIS)
    begins = [written(piece.start, PARIS)[11:16] for piece in found]
    assert begins == ["00:00", "02:30", "02:00", "02:30", "03:00"]


MINUTES = st.none() | st.integers(0, 24 * 60)
PRICES = st.integers(-10_000_000, 10_000_000)
RATES = st.builds(
    Rate,
    name=st.sampled_from(["a", "b"]),
    price=PRICES,
    night=st.booleans(),
    days=st.lists(st.sampled_from(DAYS), max_size=3).map(tuple),
    months=st.lists(st.sampled_from(MONTHS), max_size=3).map(tuple),
    after=MINUTES,
    before=MINUTES,
)
VERSIONS = st.builds(
    Version,
    since=st.dates(date(2025, 3, 1), date(2025, 11, 1)),
    price=PRICES,
    rates=st.lists(RATES, max_size=3).map(tuple),
    intervals=st.sampled_from([None, "prices.csv"]),
)
PLANS = st.lists(VERSIONS, min_size=1, max_size=3, unique_by=lambda version: version.since).map(
    lambda found: Plan(name="p", currency="EUR", versions=tuple(sorted(found, key=lambda v: v.since)))
)
ZONES = st.sampled_from(["Europe/Paris", "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"])
STARTS = st.sampled_from(["2025-03-29", "2025-10-25", "2025-04-05", "2025-10-04", "2025-11-01", "2025-07-01"])


@given(PLANS, ZONES, STARTS, st.integers(0, 50 * 60), st.integers(1, 40 * 60))
def test_pieces_are_what_a_walk_minute_by_minute_finds(
    plan: Plan, name: str, day: str, offset: int, minutes: int
) -> None:
    where = ZoneInfo(name)
    start = at(day) + offset * MINUTE
    end = start + minutes * MINUTE
    quarter = 900_000
    begin = start // quarter * quarter + quarter
    files = {"prices.csv": Intervals(starts=(begin,), ends=(begin + quarter,), prices=(7,))}
    found = pieces(plan, start, end, where, files)
    assert [found[0].start, *(piece.end for piece in found)] == [*(p.start for p in found), end]
    assert all(before.charge != after.charge for before, after in pairwise(found))
    walked: dict[int, Charge | None] = {
        moment: charge_at(plan, moment, where, files) for moment in range(start, end, MINUTE)
    }
    told = {moment: piece.charge for piece in found for moment in range(piece.start, piece.end, MINUTE)}
    assert told == walked


@given(st.lists(st.tuples(st.integers(0, 10**9), PRICES), max_size=20))
def test_a_sum_is_rounded_once_half_to_even(parts: list[tuple[int, int]]) -> None:
    assert cost(parts) == round(Fraction(sum(mwh * price for mwh, price in parts), 1_000_000))


def test_prices_by_interval_count_where_there_are_any() -> None:
    lines = ["start,end,price", "2026-03-01T12:00:00+01:00,2026-03-01T12:15:00+01:00,-0.0871"]
    plan = replace(PLAN, versions=(replace(PLAN.versions[1], intervals="x"),))
    found = pieces(plan, at("2026-03-01T11:00"), at("2026-03-01T13:00"), PARIS, {"x": parse(lines, "x")})
    assert [piece.charge and (piece.charge.rate, piece.charge.price) for piece in found] == [
        ("base", 250_000), ("interval", -87_100), ("base", 250_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["from,to,price"], "line 1: write the columns' names first: start,end,price"),
        (["start,end,price", "0,900,0.1,EUR"], "line 2: "),
        (["start,end,price", "0,900,0.1234567"], "more than 6 decimals"),
        (["start,end,price", "900,0,0.1"], "ends before it begins"),
        (["start,end,price", "0,900,0.1", "300,600,0.1"], "two intervals overlap at 300"),
        (["start,end,price", "2026-03-01T12:00:00,2026-03-01T12:15:00,1"], "has no offset"),
    ],
)
def test_a_file_of_prices_that_makes_no_sense_is_told_by_its_line(lines: list[str], says: str) -> None:
    with pytest.raises(BadIntervals, match=says):
        parse(lines, "prices.csv")


def test_a_file_that_grows_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    plan = replace(PLAN, versions=(replace(PLAN.versions[1], intervals=str(file)),))
    files = IntervalFiles()
    with pytest.raises(BadIntervals, match="cannot be read"):
        files.of(plan)
    file.write_text("start,end,price\n0,900,0.1\n")
    assert files.of(plan)[str(file)].at(5_000) == 100_000
    file.write_text("start,end,price\n0,900,0.1\n900,1800,0.2\n")
    assert files.of(plan)[str(file)].at(900_000) == 200_000


def test_the_section_says_what_is_wrong() -> None:
    version = {"valid_from": "2026-01-01", "price": "0.2516"}
    settings = TariffSettings.model_validate({"versions": [version]})
    assert plan_of("grid", settings).versions[0].price == 251_600
    for wrong, says in (
        ([version, version], "begin one after another"),
        ([version | {"price": "0.12345678"}], "more than 6 decimals"),
        ([version | {"rates": [{"name": "n", "price": 1, "days": ["monday"]}]}], "there is no 'monday'"),
        ([], "at least 1"),
    ):
        with pytest.raises(ValidationError, match=says):
            TariffSettings.model_validate({"versions": wrong})
