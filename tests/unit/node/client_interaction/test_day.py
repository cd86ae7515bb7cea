"""The day of the budget, by the household's own clock."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from node.client_interaction.day import midnight

HOUR = 3_600.0


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M"))


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-01-15", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
)
def test_a_day_is_from_midnight_to_midnight_however_long(day: str, hours: int) -> None:
    start = at(f"{day} 00:00")
    assert midnight(start) == start
    assert midnight(start - 1) < start
    assert midnight(start + hours * HOUR - 1) == start
    assert midnight(start + hours * HOUR) == start + hours * HOUR
