"""A month is one of the reader's calendar."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from node.statement.errors import UnknownMonth
from node.statement.period import Month

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("2026-11", UTC, 30 * 24),
        ("2026-12", UTC, 31 * 24),
        ("2024-02", UTC, 29 * 24),
        ("2026-03", PARIS, 31 * 24 - 1),
        ("2026-10", PARIS, 31 * 24 + 1),
    ],
)
def test_a_month_has_the_hours_of_its_calendar(text: str, zone: ZoneInfo, hours: int) -> None:
    month = Month.parse(text, zone)
    assert month.end - month.start == hours * 3_600
    assert str(month) == text


def test_months_follow_one_another() -> None:
    assert Month.parse("2026-12", PARIS).end == Month.parse("2027-01", PARIS).start


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "11-2026", "2026-11-01", "november"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(UnknownMonth, match="write it as 2026-11"):
        Month.parse(text, UTC)
