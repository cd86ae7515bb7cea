"""What a family may change on its pages, and which processes take it over by starting anew.

Everything else (chain, keys, contacts, addresses, how a sensor is read, and how far the pages may go) belongs
to whoever set the house up: it is changed in the files, at the box. A new sensor is added by other rules
(`node.changes.sensors`).
"""

from __future__ import annotations

from collections.abc import Iterable

from node.changes.request import Key

TRADER, PAGES, NOTIFY, LOGGER = "client-interaction", "dapp", "notify", "logger"

UNITS = (LOGGER, TRADER, NOTIFY, PAGES)
"""In the order in which they are started anew: the pages last, for they show what comes of it."""

ANY = "*"
"""In a key: whatever the name is."""

FAMILY: dict[tuple[str, ...], frozenset[str]] = {
    ("household", "time_zone"): frozenset({TRADER, PAGES, NOTIFY}),
    ("trading", "enabled"): frozenset({TRADER}),
    ("trading", "limit"): frozenset({TRADER, PAGES}),
    ("trading", "resume"): frozenset({TRADER, PAGES}),
    ("trading", "delta"): frozenset({TRADER}),
    ("trading", "max_price"): frozenset({TRADER}),
    ("trading", "daily_budget"): frozenset({TRADER, PAGES}),
    ("trading", "dwell"): frozenset({TRADER}),
    ("trading", "urgent"): frozenset({TRADER}),
    ("trading", "price_tolerance"): frozenset({TRADER}),
    ("trading", "forget"): frozenset({TRADER}),
    ("trading", "least_score"): frozenset({TRADER}),
    ("trading", "back_off"): frozenset({TRADER}),
    ("trading", "max_back_off"): frozenset({TRADER}),
    ("sellers",): frozenset({TRADER, PAGES}),
    ("offers", "reserve"): frozenset({TRADER, PAGES}),
    ("offers", "margin"): frozenset({TRADER}),
    ("offers", "validity"): frozenset({TRADER}),
    ("offers", "feeds"): frozenset({TRADER, PAGES}),
    ("tariffs",): frozenset({PAGES}),
    ("dapp", "threshold"): frozenset({PAGES}),
    ("notifications", "least"): frozenset({NOTIFY}),
    ("notifications", "quiet_after"): frozenset({NOTIFY}),
    ("notifications", "quiet_before"): frozenset({NOTIFY}),
    ("sensors", ANY, "calibration"): frozenset({LOGGER}),
}
"""Each key, with everything below it, and the processes that read it."""

SENSORS = frozenset({LOGGER, PAGES})
"""The processes that read which sensors there are."""


def is_familys(key: Key) -> bool:
    """Whether a family may change this key."""
    return any(_below(key, each) for each in FAMILY)


def concerned(keys: Iterable[Key]) -> tuple[str, ...]:
    """The processes that have to start anew, in that order."""
    keys = list(keys)
    found = {unit for key in keys for each, units in FAMILY.items() if _below(key, each) for unit in units}
    if any(key[:1] == ("sensors",) and not is_familys(key) for key in keys):
        found |= SENSORS
    return tuple(unit for unit in UNITS if unit in found)


def _below(key: Key, each: tuple[str, ...]) -> bool:
    return len(key) >= len(each) and all(of in (ANY, part) for part, of in zip(key, each, strict=False))
