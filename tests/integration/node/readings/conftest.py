"""Readings on a real SQLite file and on a real PostgreSQL: each test of them runs on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.readings import Readings, open_readings
from tests.integration.postgres import postgres, postgres_url  # noqa: F401 - fixtures

Opener = Callable[..., Readings]


@pytest.fixture(params=["sqlite", "postgres"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the same readings again and again."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return lambda **options: open_readings(url, tmp_path, **options)


@pytest.fixture
def readings(opener: Opener) -> Iterator[Readings]:
    with opener() as opened:
        yield opened
