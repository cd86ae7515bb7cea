"""Cuts the power again and again while writers work, and looks at what is there: `python -m … FOLDER CUTS`.

It runs in a mount namespace of its own (`unshare --mount`): a program that copied ours meanwhile, as
containers do, would keep the file system mounted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.integration.power import disk
from tests.integration.power.writers import BATCH
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]

PROMISED = {"signed", "vouchered", "batch", "synced"}
"""By journal, relay, readings and the logger's spool."""

CANNOT = 77
"""Exit code: there can be no such disk here; the output says why."""


def promised_until_cut(where: disk.Disk, after: int) -> list[dict[str, Any]]:
    """Let the writers work, cut the power after so many promises, some by each, and say what was promised.

    What is promised while the power is being cut does not count: in that moment ext4 lets some fdatasync
    succeed whose data are lost (seen with a bare file, too), which no disk without power does.
    """
    command = [sys.executable, "-m", "tests.integration.power.writers", str(where.place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        promises: list[dict[str, Any]] = []
        missing = set(PROMISED)
        try:
            while len(promises) < after or missing:
                line = process.stdout.readline()
                if not line:
                    raise AssertionError(process.communicate()[1])
                promises.append(json.loads(line))
                missing -= set(promises[-1])
            where.cut()
            time.sleep(0.05)
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)
    return promises


def found_after(where: disk.Disk) -> dict[str, Any]:
    """What a fresh process finds."""
    command = [sys.executable, "-m", "tests.integration.power.look", str(where.place)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=4 * PATIENCE
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tried(mounted: disk.Disk, cuts: int) -> None:
    """Everything that was acknowledged is there after each cut.

    Of samples, too: what is lost is what waits for its sync, those of 10 s at most by the configuration.
    """
    random = Random(7)
    signed: dict[str, str] = {}
    vouchered = batch = synced = boots = 0
    for cut in range(cuts):
        promises = promised_until_cut(mounted, random.randint(3, 100))
        signed |= {str(p["signed"]): p["hash"] for p in promises if "signed" in p}
        vouchered = max([vouchered, *(p["vouchered"] for p in promises if "vouchered" in p)])
        batch = max([batch, *(p["batch"] for p in promises if "batch" in p)])
        synced = max([synced, *(p["synced"] for p in promises if "synced" in p)])
        boots += any("boot" in p for p in promises)
        mounted.unmount()
        mounted.mount()
        found = found_after(mounted)
        boots += 1
        assert found["damaged"] == [], f"cut {cut}"
        assert {n: found["signed"].get(n) for n in signed} == signed, f"cut {cut}"
        assert found["vouchered"] >= vouchered, f"cut {cut}"
        assert found["signature"] == found["vouchered"]
        assert found["boot"] >= boots
        assert found["audited"] and found["intact"], f"cut {cut}"
        assert found["batches"] >= batch, f"cut {cut}"
        assert found["samples"] == found["batches"] * BATCH
        assert found["logged"] >= synced, f"cut {cut}"
        assert found["each_once"], f"cut {cut}"
    assert min(len(signed), vouchered, batch, synced // 10) >= cuts


def main(folder: Path, cuts: int) -> int:
    """The exit code."""
    why = disk.missing(folder)
    if why:
        print(why)
        return CANNOT
    mounted = disk.Disk(folder)
    try:
        tried(mounted, cuts)
    finally:
        mounted.unmount()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
