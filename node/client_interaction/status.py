"""What the household sees of its trading: one small file, `run/trading.json`, described in the architecture.

Sentences are for people; the structured parts beside them let a page put times into its reader's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from store import snapshot

FILE = "trading.json"


class State(StrEnum):
    """What the household sees; always one of these."""

    HOME = "home"
    BUYING = "buying"
    SUPPLIED = "supplied"
    RETURNING = "returning"
    NO_SUPPLY = "no-supply"
    FAULT = "fault"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state, why it is so, and what comes next."""

    state: State
    reason: str
    next: str
    since: float
    """Unix seconds at which this state began."""

    order: str | None = None
    seller: str | None = None
    contact: int | None = None
    energy_mwh: int | None = None
    received_mwh: int | None = None
    balance: str | None = None
    """Token base units as a decimal string: JSON numbers are too small. None: the chain does not answer."""

    escrow: str | None = None
    credit: str | None = None
    """Wei left for fees, as a decimal string."""


def write(run: Path, status: Status) -> None:
    """Publish the status.

    Raises:
        store.errors.Unwritable: see `store.snapshot.write`.
    """
    snapshot.write(run / FILE, asdict(status))


def read(run: Path) -> Status | None:
    """The status as last published; None when there is none of this boot."""
    found = snapshot.read(run / FILE)
    return None if found is None else _parse(found.fields)


def _parse(fields: Mapping[str, Any]) -> Status | None:
    try:
        return Status(**{**fields, "state": State(fields["state"])})
    except (KeyError, TypeError, ValueError):
        return None
