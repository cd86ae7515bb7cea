"""The doctor at a household that lives: nothing fails while it is well, and whatever breaks is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.demo import processes
from simulation.demo.errors import DemoRefused
from tests.e2e.demo_run import DemoRun, eventually
from tests.waiting import PATIENCE

COMMONWATT = Path(sys.executable).with_name("commonwatt")
FIRST, SECOND = "127.0.44.1", "127.0.44.2"
OTHER = "0x00000000000000000000000000000000000A1dE5"

try:
    processes.geth()
    MISSING = ""
except DemoRefused as error:
    MISSING = str(error)

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} (or `python -m chain.geth`)")


@dataclass(frozen=True)
class Household:
    """Birch, who buys from Alder."""

    folder: Path
    changes: Path
    """A second configuration file, which overrides the first."""

    def ask(self, *command: str, changed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with the household's configuration, changed or not."""
        self.changes.write_text(changed)
        files = ["-c", str(self.folder / "household.yml"), "-c", str(self.changes)]
        return subprocess.run(
            [COMMONWATT, *command, *files], capture_output=True, text=True, check=False, timeout=60
        )

    def findings(self, result: str, changed: str = "") -> list[dict[str, str]]:
        """What the doctor finds of one kind."""
        answer = self.ask("doctor", "--json", changed=changed)
        told = json.loads(answer.stdout)
        assert answer.returncode == (0 if told["ok"] else 1), answer.stderr
        return [finding for finding in told["findings"] if finding["result"] == result]


@pytest.fixture(scope="module")
def birch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    folder = tmp_path_factory.mktemp("doctor")
    run = DemoRun(folder, FIRST, "--households", "2", "--keep", str(folder / "kept"))
    try:
        run.until("everything started", PATIENCE)
        household = Household(folder / "kept" / "birch", folder / "changes.yml")
        assert eventually(lambda: not household.findings("failed"), PATIENCE), household.findings("failed")
        yield household
    finally:
        run.end()


def test_a_healthy_household_is_well_and_nothing_but_clock_and_supply_may_be_doubted(
    birch: Household,
) -> None:
    answer = birch.ask("doctor")
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.endswith("\nNothing failed.\n")
    assert "✗" not in answer.stdout
    assert {finding["check"] for finding in birch.findings("warned")} <= {"clock", "trading"}


BROKEN = [
    ("account: {keystore: none.json}", "keys", "none.json is not there"),
    (f"account: {{address: '{OTHER}'}}", "keys", "is the key of"),
    ("chain: {node: {geth: no-such-geth}}", "chain", "there is no program 'no-such-geth'"),
    (f"chain: {{rpc: 'http://{SECOND}:1'}}", "chain", f"no node answers at http://{SECOND}:1"),
    ("chain: {genesis: none.json}", "chain", "none.json cannot be read"),
    ("chain: {manifest: none.json}", "contracts", "none.json is not there yet"),
    ("paths: {run: empty-run}", "sensors", "no logger runs"),
    ("paths: {run: empty-run}", "trading", "no trader runs"),
    ("sensors: {more: {driver: ina218}}", "sensors", "did you mean 'ina219'"),
    (
        "sensors: {more: {driver: simulated, world: none, point: x}}",
        "sensors",
        "sensors.more: no world answers",
    ),
    (f"relay: {{listen: '{SECOND}:1'}}", "relay", f"our relay does not answer at {SECOND}:1"),
    (f"relay: {{listen: '{FIRST}:15555'}}", "relay", f"the relay at {FIRST}:15555 is that of"),
    (f"sellers: {{alder: {{account: '{OTHER}'}}}}", "relay", "sellers.alder: the relay at"),
    (f"dapp: {{listen: '{SECOND}:1'}}", "pages", f"the pages do not answer at http://{SECOND}:1/"),
    ("trading: {limt: 3 %}", "config", "did you mean `limit`?"),
]


@pytest.mark.parametrize(("changed", "check", "words"), BROKEN, ids=[c[0] for c in BROKEN])
def test_what_is_broken_is_found_with_what_to_do(
    birch: Household, changed: str, check: str, words: str
) -> None:
    failed = birch.findings("failed", changed)
    [found] = [f for f in failed if f["check"] == check and words in f["what"]]
    assert found["advice"]


def test_a_seller_whose_relay_is_off_is_a_warning_for_it_may_come_back(birch: Household) -> None:
    changed = f"sellers: {{alder: {{relay: '{FIRST}:1'}}}}"
    assert birch.findings("failed", changed) == []
    assert any(
        f"the relay at {FIRST}:1 cannot be reached" in f["what"] for f in birch.findings("warned", changed)
    )


@pytest.mark.parametrize("command", ["chain status", "relay state", "contracts verify", "relay audit verify"])
def test_who_looks_at_a_healthy_household_is_answered(birch: Household, command: str) -> None:
    for as_json in ([], ["--json"]):
        answer = birch.ask(*command.split(), *as_json)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout
        assert not answer.stderr
