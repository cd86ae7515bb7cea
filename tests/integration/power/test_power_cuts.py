"""Power cuts on a real ext4: under everything that writes, as fast as it can, and under a whole logger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.power.cuts import CANNOT, ROOT
from tests.waiting import PATIENCE

CUTS = 20
ALONE = ("unshare", "--mount")


pytestmark = [
    pytest.mark.timeout(CUTS * PATIENCE),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare: apt install util-linux"),
]


def test_what_was_acknowledged_is_there_after_twenty_power_cuts(tmp_path: Path) -> None:
    """It takes a minute: a writer's and a reader's processes start for each."""
    passed("cuts", tmp_path, CUTS)


def test_a_whole_logger_loses_what_it_measured_since_its_last_sync(tmp_path: Path) -> None:
    """It takes half a minute: it logs for longer than what may be lost."""
    passed("seconds", tmp_path, 3)


def passed(module: str, folder: Path, cuts: int) -> None:
    """Cut in a mount namespace of its own."""
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", f"tests.integration.power.{module}", str(folder), str(cuts)],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=CUTS * PATIENCE,
    )  # fmt: skip
    if done.returncode == CANNOT:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
