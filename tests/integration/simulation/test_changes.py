"""What is asked for on a household's pages is done in the demo: by the product's command, on real files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from node.changes import queue, record
from node.changes.record import Outcome
from node.config import load
from quantities import SoC
from simulation.demo.changes import Changes
from simulation.neighbourhood import plan
from simulation.neighbourhood.folders import Neighbourhood, build
from simulation.supervisor import Supervisor
from tests.integration.simulation.test_supervisor import SLEEPER, python
from tests.unit.node.changes.made import change
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    with TemporaryDirectory(prefix="cw-") as run:
        yield build(plan(2), tmp_path_factory.mktemp("demo"), Path(run) / "run", Path("/usr/bin/geth"))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    running = Supervisor()
    running.add(
        python(tmp_path, f"{name}.{unit}", SLEEPER)
        for name in ("alder", "birch")
        for unit in ("client-interaction", "dapp", "logger")
    )
    running.step()
    yield running
    running.stop()


def pids(supervisor: Supervisor) -> dict[str, int]:
    return {name: process.pid for name, process in supervisor.processes.items()}


def until_told(changes: Changes, supervisor: Supervisor, word: str) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        supervisor.step()
        for line in changes.look(supervisor):
            if word in line:
                return line
        time.sleep(0.05)
    raise AssertionError(f"nothing about {word!r}")


def test_what_a_change_concerns_starts_anew_and_nothing_else(
    built: Neighbourhood, supervisor: Supervisor
) -> None:
    changes, before = Changes(built), pids(supervisor)
    configuration, state = built.configuration("birch"), built.state("birch")
    asked = change(configuration, ("trading.limit", "27 %"))
    queue.put(state, asked)
    line = until_told(changes, supervisor, "applied")
    assert line.startswith("birch: settings applied: trading.limit: ")
    assert load([configuration]).trading.limit == SoC(2_700)
    assert record.latest(state, 1)[0].outcome is Outcome.APPLIED
    anew = {"birch.client-interaction", "birch.dapp"}
    end = time.monotonic() + PATIENCE
    while {name for name, pid in pids(supervisor).items() if pid != before[name]} != anew or len(
        pids(supervisor)
    ) < len(before):
        assert time.monotonic() < end
        supervisor.step()
        time.sleep(0.05)
    for _ in range(20):
        assert changes.look(supervisor) == []
    changes.close()


def test_a_refusal_is_told_and_starts_nothing(built: Neighbourhood, supervisor: Supervisor) -> None:
    changes, before = Changes(built), pids(supervisor)
    queue.put(built.state("alder"), change(built.configuration("alder"), ("intents.send", "1000")))
    assert "is not changed from here" in until_told(changes, supervisor, "refused")
    assert pids(supervisor) == before
    changes.close()
