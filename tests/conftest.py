"""What all tests share: how thorough property tests are, that none has a deadline, and who runs when."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests import order

settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
settings.register_profile("long", max_examples=2_000, deadline=None)
"""For `make test-long`: twenty times the examples of `make test`."""


def thorough(usually: int, long: int) -> int:
    """How many examples a test draws that sets their number by itself."""
    return long if settings.get_current_profile_name() == "long" else usually


def crowded() -> bool:
    """Whether more wants to run here than there are processors."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort them; and what fails with real processes on a crowded machine is tried once more, and shown.

    A lease or a stop happens in real time, and a machine that does not let the program run does not keep it.
    """
    for item in items:
        if not item.nodeid.startswith("tests/unit/") and not item.get_closest_marker("long"):
            item.add_marker(pytest.mark.flaky(reruns=1, condition=crowded))
    order.sort(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> order.LongestFirst | None:
    return order.LongestFirst(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_runtest_setup() -> None:
    """py_ecc, of web3, lets Python recurse so deep that C code runs out of stack; no daemon loads it."""
    sys.setrecursionlimit(1_000)
