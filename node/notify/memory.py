"""What people have been told, in a small file that outlives a restart: nobody is told twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chain.files import replace_file
from node.alerts import Alert, Severity
from node.notify.following import Trouble
from store.errors import Unwritable

FILE = "notify.json"
"""In the state folder."""

MODE = 0o640
"""Owner writes, group reads: as everything in the state folder."""


def read(path: Path) -> dict[str, Trouble]:
    """The troubles that somebody was told of; nothing when the file is absent or makes no sense."""
    try:
        found = [_trouble(fields) for fields in json.loads(path.read_bytes())]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {trouble.alert.key: trouble for trouble in found}


def write(path: Path, troubles: Mapping[str, Trouble]) -> None:
    """Keep those that somebody was told of.

    Raises:
        Unwritable: no permission or no space.
    """
    told = [asdict(trouble) for trouble in troubles.values() if trouble.told is not None]
    try:
        replace_file(path, json.dumps(told).encode(), MODE)
    except OSError as error:
        raise Unwritable(f"cannot write {path}: {error.strerror}") from error


def _trouble(fields: dict[str, Any]) -> Trouble:
    alert = fields["alert"]
    return Trouble(**{**fields, "alert": Alert(**{**alert, "severity": Severity(alert["severity"])})})
