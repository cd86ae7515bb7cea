"""Which migrations only add: a release from before them may go on with a database that has seen them.

An upgrade whose host is not healthy goes back to the release before. It can where all that is new in the
databases are tables, columns and indices of which that release knows nothing and needs to know nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ONLY_ADDS = "-- only adds"
"""The first line of such a script."""

ADDITION = re.compile(
    r"CREATE TABLE \w+ ?\(|CREATE INDEX \w+ ON |ALTER TABLE \w+ ADD COLUMN \w+ (?!.*NOT NULL(?!.*DEFAULT))",
    re.IGNORECASE,
)


def only_adds(script: str) -> bool:
    """Whether a script says so of itself.

    Raises:
        ValueError: it says so, and does something else too: releases before it could not go on.
    """
    if not script.lstrip().startswith(ONLY_ADDS):
        return False
    bare = re.sub(r"--[^\n]*", "", script)
    for statement in filter(None, (" ".join(each.split()) for each in bare.split(";"))):
        if not ADDITION.match(statement):
            raise ValueError(f"this does not only add: {statement}")
    return True


def goes_on(migrations: Sequence[str]) -> int:
    """The oldest version that can go on with a database that has seen all of these."""
    return next((n for n in range(len(migrations), 0, -1) if not only_adds(migrations[n - 1])), 0)
