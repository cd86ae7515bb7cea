from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.dapp.periods import EARLIEST, HOUR_MS, SLICE_MS, Span, period
from node.local_time import local_day, unix_ms

PARIS = ZoneInfo("Europe/Paris")
NOW = unix_ms(datetime(2026, 11, 30, 12, 34, 56, tzinfo=UTC))


@pytest.mark.parametrize(
    ("span", "title", "labels", "around"),
    [
        (Span.WEEK, "26 October to 1 November 2026", ("Mon 26", "Sun 1"), ((2026, 10, 19), (2026, 11, 2))),
        (Span.MONTH, "October 2026", ("1", "31"), ((2026, 9, 1), (2026, 11, 1))),
        (Span.YEAR, "2026", ("Jan", "Dec"), ((2025, 1, 1), None)),
        (Span.DAY, "Wednesday, 28 October 2026", ("00", "23"), ((2026, 10, 27), (2026, 10, 29))),
    ],
)
def test_a_period_is_named_and_has_neighbours(
    span: Span,
    title: str,
    labels: tuple[str, str],
    around: tuple[tuple[int, int, int], tuple[int, int, int] | None],
) -> None:
    shown = period(span, date(2026, 10, 28), PARIS, NOW)
    assert shown.title == title
    assert (shown.slots[0].label, shown.slots[-1].label) == labels
    earlier, later = around
    assert shown.earlier == date(*earlier)
    assert shown.later == (date(*later) if later else None)


def test_a_day_has_as_many_hours_as_the_clock_gives_it() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)):
        slots = period(Span.DAY, day, PARIS, NOW).slots
        assert len(slots) == hours
        assert {slot.end - slot.start for slot in slots} == {HOUR_MS}


def test_nothing_is_later_than_today_nor_earlier_than_the_first_year() -> None:
    assert period(Span.DAY, date(2099, 1, 1), PARIS, NOW).on == date(2026, 11, 30)
    assert period(Span.DAY, date(2026, 11, 30), PARIS, NOW).later is None
    first = period(Span.YEAR, date(1, 1, 1), PARIS, NOW)
    assert (first.on, first.earlier) == (EARLIEST, None)


def test_now_is_the_last_ten_minutes_in_whole_slices() -> None:
    shown = period(Span.NOW, date(2026, 1, 1), PARIS, NOW)
    assert len(shown.slots) == 60
    assert NOW - SLICE_MS < shown.end <= NOW
    assert shown.slots[-1].label == "13:34"


@given(
    span=st.sampled_from([Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR]),
    on=st.dates(EARLIEST, date(2026, 11, 30)),
    where=st.sampled_from(["Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_slots_have_no_gap_and_hold_the_day(span: Span, on: date, where: str) -> None:
    zone = ZoneInfo(where)
    shown = period(span, on, zone, NOW)
    assert all(one.end == two.start for one, two in pairwise(shown.slots))
    assert all(slot.start < slot.end for slot in shown.slots)
    assert local_day(shown.start, zone) <= on <= local_day(shown.end - 1, zone)
    if shown.later:
        assert period(span, shown.later, zone, NOW).start == shown.end
