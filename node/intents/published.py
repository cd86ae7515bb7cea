"""What is in force and how far it may be changed, as client-interaction publishes it: `run/control.json`.

The pages show it; they do not work it out. Amounts are integers of base units as decimal strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from store import snapshot

FILE = "control.json"


@dataclass(frozen=True, kw_only=True)
class LimitNow:
    """One limit of the household's policy."""

    value: str
    configured: str
    bound: str
    """The lowest limit, or the highest of the others, that may be set."""

    by: str = ""
    """Who changed it; empty: nobody did."""

    at: float = 0.0
    """Unix seconds."""


@dataclass(frozen=True, kw_only=True)
class OfferNow:
    """What is offered at one feed."""

    contact: int
    on: bool
    price: str
    most: str
    configured_price: str
    configured_most: str
    price_from: str
    most_to: str
    by: str = ""
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Published:
    """Everything."""

    enabled: bool
    """Whether anything may be asked for."""

    buys: bool
    limits: Mapping[str, LimitNow]
    """By `node.intents.kinds.Limit`."""

    offers: tuple[OfferNow, ...]
    send: str
    send_left: str
    """Of what may be sent in 24 hours."""

    stop_for: float
    """Seconds."""

    paused_by: str = ""
    """Who switched trading off; empty: it is on."""

    paused_at: float = 0.0
    stopped_by: str = ""
    """Who stopped buying; empty: nobody did lately."""

    stopped_until: float = 0.0
    """Unix seconds."""


def write(run: Path, published: Published) -> None:
    """Publish.

    Raises:
        store.errors.Unwritable: see `store.snapshot.write`.
    """
    snapshot.write(run / FILE, asdict(published))


def read(run: Path) -> Published | None:
    """As last published; None when there is none of this boot."""
    found = snapshot.read(run / FILE)
    return None if found is None else _parse(found.fields)


def _parse(fields: Mapping[str, Any]) -> Published | None:
    try:
        limits = {name: LimitNow(**limit) for name, limit in fields["limits"].items()}
        offers = tuple(OfferNow(**offer) for offer in fields["offers"])
        return Published(**{**fields, "limits": limits, "offers": offers})
    except (KeyError, TypeError, AttributeError):
        return None
