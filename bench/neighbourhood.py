"""How long a whole neighbourhood takes to start and to answer an empty battery, and what its processes weigh.

Runs the demo at block periods of 1 and 5 seconds and reads its report. The reaction is held against the
floor (bench/floor.py), start against the chain's own first block, memory against the targets below.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.floor import Transfers, measured, percentile, waits
from chain.keys import load
from neighbourhood.ports import RPC
from node.readings.settings import ReadingsSettings
from simulation.neighbourhood.scenario import ADDRESS, SIGNERS

TRADES = 12
FOLLOWER = f"http://{ADDRESS + 3}:{RPC}"
"""Dogwood's node: it does not seal, like most."""

SLACK = 0.5
"""Seconds above the floor that are ours to spend, at the 95th percentile."""

PYTHON_TARGET = 220
"""MiB of RSS: all of our Python of one household."""

GETH_TARGET = 130
"""MiB of RSS."""


def main() -> None:
    """Print every figure."""
    for period in (1, 5):
        print(f"-- blocks every {period} s, until {TRADES} trades are settled", flush=True)
        report, transfers = demo(period)
        started(report)
        reacted(report, period, transfers)
    weighed(report)


def demo(period: int) -> tuple[dict[str, Any], list[float]]:
    """A run's report, and how long bare transfers took on its chain."""
    with tempfile.TemporaryDirectory() as folder:
        path, street = Path(folder) / "report.json", Path(folder) / "street"
        words = [f"--trades={TRADES}", f"--period={period}", f"--report={path}", f"--keep={street}"]
        program = str(Path(sys.executable).with_name("commonwatt"))
        command = [program, "demo", "--headless", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            transfers = follow(running, street, period)
        report: dict[str, Any] = json.loads(path.read_text())
    return report, transfers


def follow(running: subprocess.Popen[str], street: Path, period: int) -> list[float]:
    """Send transfers once there are trades; show, on the terminal only, how far it is."""
    assert running.stdout is not None
    settled, transfers = 0, None
    for line in running.stdout:
        settled += " settled, " in line
        if sys.stderr.isatty():
            print(f"   {settled} of {TRADES} trades settled\r", end="", file=sys.stderr, flush=True)
        if transfers is None and "first order" in line:
            key = street / "authority" / "key.json"
            transfers = Transfers(FOLLOWER, load(key, key.with_suffix(".password")), SIGNERS, period)
            transfers.start()
    if running.wait() or transfers is None:
        raise SystemExit("the neighbourhood did not come to its end: see what it says above")
    return transfers.took


def started(report: dict[str, Any]) -> None:
    """From the command to what people see."""
    milestones = report["milestones_s"]
    for name in ("first_block", "everything_started", "first_settled_trade"):
        ratio = milestones[name] / milestones["first_block"]
        print(f"{name.replace('_', ' '):22} {milestones[name]:7.1f} s   {ratio:5.1f} x the first block")


def reacted(report: dict[str, Any], period: int, transfers: list[float]) -> None:
    """From the limit crossed in the world to the contact closed in it."""
    took = sorted(t["limit_to_contact_s"] for t in report["trades"] if t["limit_to_contact_s"] is not None)
    sample = ReadingsSettings().sample
    print(f"limit to contact           ours ({len(took)} trades)")
    for name, floor in (
        ("arithmetic", waits(sample, period, SIGNERS)),
        (f"{len(transfers)} bare transfers", measured(sample, transfers)),
    ):
        for percent in (50, 95):
            ours, least = percentile(took, percent), percentile(floor, percent)
            kept = "met" if ours - least <= SLACK else "MISSED"
            told = f"{ours - least:+6.2f} s, {ours / least:4.2f} x" + (
                f"  (target +{SLACK} s: {kept})" if percent == 95 else ""
            )
            print(f"  p{percent:<3} {ours:7.2f} s   floor by {name:20} {least:6.2f} s   {told}")


def weighed(report: dict[str, Any]) -> None:
    """Memory of every process, MiB."""
    for name, programs in report["memory_kib"].items():
        for program, used in programs.items():
            print(
                f"{name + ' ' + program:34} RSS {used['rss'] / 1024:6.1f}  PSS {used['pss'] / 1024:6.1f} MiB"
            )
    for name, used in report["household_python_kib"].items():
        compared("our Python of " + name, used["rss"] / 1024, PYTHON_TARGET)
    geth = max(p["geth"]["rss"] for p in report["memory_kib"].values() if "geth" in p)
    compared("the largest geth", geth / 1024, GETH_TARGET)


def compared(what: str, mebibytes: float, target: int) -> None:
    """One figure beside its target."""
    kept = "met" if mebibytes <= target else "MISSED"
    print(f"{what:34} RSS {mebibytes:6.1f} MiB   {mebibytes / target:4.2f} x the target of {target} ({kept})")
