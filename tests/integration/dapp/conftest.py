"""The pages and a browser before them, for the modules that look at pages: each serves at its own `HOST`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.dapp import made_up
from tests.integration.dapp.browser import Browser
from tests.integration.dapp.in_browser import PHONE
from tests.integration.dapp.served import Pages, served


@pytest.fixture
def pages(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pages]:
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    with served(tmp_path, request.module.HOST) as pages:
        yield pages


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        browser.size(*PHONE)
        yield browser
