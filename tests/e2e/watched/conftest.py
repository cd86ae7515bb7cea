"""One neighbourhood that trades undisturbed, for all who only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.neighbourhood import Neighbourhood, neighbourhood
from tests.e2e.watched.books import settled

TRADES = 3


@pytest.fixture(scope="package")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    """Four households, of whose trades three are settled in their buyers' own books."""
    with neighbourhood(tmp_path_factory.mktemp("watched") / "four", "127.0.40.1") as running:
        running.until("three settled trades", lambda: len(settled(running)) >= TRADES, 300)
        yield running
