"""In which order tests run, and which run together: what takes longest begins first, so no process ends late.

A file's tests run in one process, one after the other, for they share what the file starts. Where each test
starts all that it needs by itself, it runs wherever a process is free.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

SECONDS: Mapping[str, int] = {
    "tests/e2e/test_kill_matrix.py": 900,
    "tests/integration/contracts/test_many_calls.py": 440,
    "tests/e2e/test_killed.py": 360,
    "tests/e2e/test_neighbourhood.py": 340,
    "tests/e2e/watched/": 200,
    "tests/e2e/test_newcomer.py": 90,
    "tests/e2e/test_cut_off.py": 60,
    "tests/integration/contracts/test_compiled.py": 60,
    "tests/integration/power/": 95,
    "tests/integration/contracts/test_trades.py": 60,
    "tests/integration/node/treasury/test_gas.py": 65,
    "tests/integration/ansible/": 60,
    "tests/integration/neighbourhood/": 30,
    "tests/integration/node/treasury/test_killed.py": 55,
    "tests/integration/cli/test_bad_input.py": 50,
    "tests/e2e/test_doctor.py": 50,
    "tests/integration/relay_server/test_on_chain.py": 50,
    "tests/integration/wallet/test_adversities.py": 50,
    "tests/integration/contracts/test_operator.py": 40,
    "tests/integration/contracts/test_differential.py": 40,
    "tests/unit/node/reconciliation/test_tampering.py": 40,
    "tests/integration/trading/": 35,
    "tests/integration/relay_server/test_conversations.py": 30,
    "tests/integration/node/logger/test_random_kills.py": 35,
    "tests/e2e/test_demo.py": 35,
    "tests/integration/cli/test_config_apply.py": 35,
    "tests/integration/dapp/test_calibration.py": 50,
    "tests/unit/node/client_interaction/test_desk.py": 30,
    "tests/unit/relay_server/test_switchboard.py": 15,
}
"""How long the longest take, about: whole files, or each test of a folder (see
`pytest --durations`). What is not named follows, end to end first."""

APART = (
    "tests/e2e/test_adversities.py",
    "tests/e2e/test_kill_matrix.py",
    "tests/integration/trading/",
    "tests/integration/chain/test_wrong_starts.py",
    "tests/integration/dapp/test_browser.py",
    "tests/integration/dapp/test_served.py",
    "tests/integration/node/logger/test_process.py",
)
"""Folders and files of which each test stands alone."""

ONE_BY_ONE = (
    "tests/e2e/test_neighbourhood.py",
    "tests/e2e/test_newcomer.py",
    "tests/e2e/watched/",
    "tests/e2e/test_cut_off.py",
    "tests/e2e/test_doctor.py",
    "tests/e2e/test_demo.py",
)
"""What runs one after the other: together with `test_killed` there are two neighbourhoods at a time, which is
what two cores can run."""

ROOMS = ("tests/e2e/", "tests/integration/", "tests/unit/")


def begins(nodeid: str) -> tuple[int, int]:
    """What a test is sorted by."""
    seconds = next((seconds for path, seconds in SECONDS.items() if nodeid.startswith(path)), 0)
    return -seconds, next((n for n, room in enumerate(ROOMS) if nodeid.startswith(room)), len(ROOMS))


def together(nodeid: str) -> str:
    """Tests of which this is the same run in one process, in their file's order."""
    if nodeid.startswith(APART):
        return nodeid
    return ONE_BY_ONE[0] if nodeid.startswith(ONE_BY_ONE) else nodeid.partition("::")[0]


def sort(items: list[pytest.Item]) -> None:
    """Bring tests into the order in which they begin; a file's own order stays."""
    items.sort(key=lambda item: begins(item.nodeid))


class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the tests to the processes of a run."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
