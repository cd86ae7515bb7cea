"""Twenty power cuts on a real ext4, while journal, relay and readings are written as fast as they can be."""

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


@pytest.mark.timeout(CUTS * PATIENCE)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare: apt install util-linux")
def test_what_was_acknowledged_is_there_after_twenty_power_cuts(tmp_path: Path) -> None:
    """It takes a minute: a writer's and a reader's processes start for each."""
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", "tests.integration.power.cuts", str(tmp_path), str(CUTS)],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=CUTS * PATIENCE,
    )  # fmt: skip
    if done.returncode == CANNOT:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr
