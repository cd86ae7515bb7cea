"""`commonwatt chain watch` as a process: what it says while the chain goes wrong and well again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from store import snapshot
from tests.waiting import BUSY, eventually

CONFIGURATION = """
household: {name: birch, role: prosumer}
paths: {run: run, state: state}
account: {keystore: k, password_file: p}
chain:
  rpc: "http://127.0.61.9:1"
  genesis: g
  manifest: m
  node: {listen: "127.0.61.9:30303"}
"""


def tell(folder: Path, peers: int) -> None:
    """As the chain process does."""
    facts = {"height": 9, "head_time": time.time(), "peers": peers, "signers": ["0xA", "0xB"], "silent": []}
    facts |= {"sealing": False, "syncing": False, "geth": "1", "still": 1.0}
    snapshot.write(folder / "run" / "chain.json", facts)


def test_what_goes_wrong_and_well_again_is_told_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(CONFIGURATION)
    tell(tmp_path, peers=0)
    said, metric = tmp_path / "said", tmp_path / "chain.prom"
    with said.open("wb") as out:
        watching = subprocess.Popen(
            [sys.executable, "-m", "node.cli", "chain", "watch", "--json", "--every", "1",
             "-c", str(tmp_path / "config.yml"), "--textfile", str(metric)],
            stdout=out,
        )  # fmt: skip
        try:
            eventually(lambda: b'"began"' in said.read_bytes(), "what is wrong")
            assert 'code="no-neighbour"' in metric.read_text()
            tell(tmp_path, peers=1)
            eventually(lambda: b'"over"' in said.read_bytes(), "that it is over")
            watching.send_signal(signal.SIGTERM)
            assert watching.wait(5 + BUSY) == 0
        finally:
            watching.kill()
    first, last = (json.loads(line) for line in said.read_text().splitlines())
    assert (first["event"], first["code"], first["severity"]) == ("began", "no-neighbour", "warning")
    assert first["act"]
    assert (last["event"], last["code"]) == ("over", "no-neighbour")
    assert 'code="no-neighbour"' not in metric.read_text()
