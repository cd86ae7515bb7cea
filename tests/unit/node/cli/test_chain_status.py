"""The chain node's state as people read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.cli import run
from node.cli.chain import STALE, told_by
from store import snapshot
from store.snapshot import Snapshot, boottime

EXAMPLE = str(Path(__file__).parents[4] / "config.example.yml")
STATE = {
    "height": 42,
    "head_time": 1_000,
    "peers": 3,
    "sealing": True,
    "syncing": False,
    "signers": ["0xA"],
    "geth": "1",
}


def test_a_running_node_tells_its_block_peers_and_signers() -> None:
    lines = list(told_by(Snapshot(fields=STATE, sampled=boottime()), now=1_004.0))
    assert lines[0].startswith("block 42, 4 s old; told 0.0 s ago")
    assert lines[1] == "geth 1 has 3 peers, seals"
    assert lines[2] == "signer 0xA"


def test_a_silent_signer_is_told() -> None:
    silent = {**STATE, "signers": ["0xA", "0xB"], "silent": ["0xB"]}
    lines = list(told_by(Snapshot(fields=silent, sampled=boottime()), now=1_004.0))
    assert lines[2:] == ["signer 0xA", "signer 0xB, silent: sealed none of the last blocks"]


def test_a_node_that_says_nothing_new_is_doubted() -> None:
    lines = list(told_by(Snapshot(fields=STATE, sampled=boottime() - STALE), now=1_004.0))
    assert lines[-1].endswith("still running?")


@pytest.mark.parametrize(("per_day", "days", "end"), [
    (None, None, "how fast it grows is known after six hours of chain"),
    (0, None, "it does not grow"),
    (12_345_678, 162.0, "it grows by 12.3 MB a day, for 162 days"),
])  # fmt: skip
def test_what_becomes_of_the_disk_is_told(per_day: int | None, days: float | None, end: str) -> None:
    disk = {"disk_taken": 34_000_000, "disk_free": 2_000_000_000, "disk_per_day": per_day, "disk_days": days}
    lines = list(told_by(Snapshot(fields=STATE | disk, sampled=boottime()), now=1_004.0))
    assert lines[-1] == f"the chain takes 34 MB of the disk, 2000 MB are left; {end}"


def status(folder: Path) -> int:
    own = folder / "own.yml"
    own.write_text(f"paths: {{run: {folder}}}\n")
    return run(["chain", "status", "-c", EXAMPLE, "-c", str(own)])


def test_status_is_0_while_the_node_tells(tmp_path: Path) -> None:
    snapshot.write(tmp_path / "chain.json", STATE)
    assert status(tmp_path) == 0


def test_status_is_1_when_nothing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(tmp_path) == 1
    assert "no chain process runs" in capsys.readouterr().out
