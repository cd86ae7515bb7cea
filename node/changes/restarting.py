"""Starting anew what read the configuration: by systemd, where it runs a household's processes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import structlog

log = structlog.get_logger(__name__)

PATIENCE = 60.0
"""Seconds for systemd to take a request: it is not waited for until the process is up."""

NOT_FOUND = 5
"""systemctl's exit code for a unit that this host does not have."""


def by_systemd(units: Sequence[str]) -> Sequence[str]:
    """Have the household's running processes started anew; answers those that could not be."""
    return [unit for unit in units if not _restarted(f"commonwatt-{unit}.service")]


def by_hand(units: Sequence[str]) -> Sequence[str]:
    """Whoever called starts them: they are named in what came of each change."""
    del units
    return ()


def _restarted(unit: str) -> bool:
    """Ask for it; one that does not run stays as it is."""
    try:
        asked = subprocess.run(
            ["systemctl", "--no-block", "try-restart", unit],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("not_restarted", unit=unit, error=str(error))
        return False
    if asked.returncode not in (0, NOT_FOUND):
        log.warning("not_restarted", unit=unit, error=asked.stderr.strip())
        return False
    log.info("restarted", unit=unit)
    return True
