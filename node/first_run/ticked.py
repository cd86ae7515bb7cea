"""Whether somebody has looked at when the household buys, as the trader reads it in the pages' `dapp.db`."""

from __future__ import annotations

from pathlib import Path

from node.first_run.steps import Step
from store import sqlite

EFFORT = 20_000
"""Steps of SQLite's machine for one look: a hundred times what it takes. The file is somebody else's."""


def limits_seen(path: Path) -> bool:
    """Whether that step of the first run was ticked off.

    Raises:
        store.errors.StoreError: the file cannot be read.
    """
    with sqlite.strangers(path, EFFORT) as connection:
        if not sqlite.has_table(connection, "first_run"):
            return False
        row = connection.execute("SELECT 1 FROM first_run WHERE step = ?", (Step.LIMITS,)).fetchone()
    return row is not None
