"""When somebody is told: pure.

Of what has lasted a while, once; when it has been over for a while; daily what stays critical; and at night
only what cannot wait.

    absent → seen → told → over → absent
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from node.alerts import Alert, Severity

LASTING = {Severity.CRITICAL: 30.0, Severity.WARNING: 180.0}
"""Seconds for which something must be wrong before anybody is told: most of it mends itself."""

CALM = 120.0
"""Seconds for which it must be right again."""

REMIND = 86_400.0
"""Seconds after which what is critical is told again."""

RANK = {Severity.WARNING: 0, Severity.CRITICAL: 1}


class Kind(StrEnum):
    """Why somebody is told."""

    BEGAN = "began"
    LASTS = "lasts"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """An alert through time. Times are Unix seconds."""

    alert: Alert
    """In its newest words."""
    since: float
    told: float | None = None
    gone: float | None = None
    """Since when it has been right again."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something to tell."""

    kind: Kind
    trouble: Trouble


def follow(troubles: Mapping[str, Trouble], alerts: Iterable[Alert], now: float) -> dict[str, Trouble]:
    """The troubles as they are after another look.

    What is gone stays until it may be told that it is over; what nobody was told of is forgotten at once.
    """
    present = {alert.key: alert for alert in alerts}
    after = {}
    for key, trouble in troubles.items():
        if key in present:
            since = min(trouble.since, now)  # a clock that was set back must not silence it
            after[key] = replace(trouble, alert=present[key], since=since, gone=None)
        elif trouble.told is not None:
            gone = now if trouble.gone is None else min(trouble.gone, now)
            after[key] = replace(trouble, gone=gone)
    for key, alert in present.items():
        after.setdefault(key, Trouble(alert=alert, since=now))
    return after


def due(
    troubles: Mapping[str, Trouble], now: float, least: Severity, *, quiet: bool = False
) -> tuple[Message, ...]:
    """What is to be told now.

    Args:
        least: nothing below it is told.
        quiet: only what is critical is told.
    """
    level = Severity.CRITICAL if quiet else least
    messages = []
    for trouble in troubles.values():
        if RANK[trouble.alert.severity] < RANK[level]:
            continue
        kind = _kind(trouble, now)
        if kind is not None:
            messages.append(Message(kind=kind, trouble=trouble))
    return tuple(messages)


def _kind(trouble: Trouble, now: float) -> Kind | None:
    if trouble.gone is not None:
        return Kind.OVER if now - trouble.gone >= CALM else None
    if trouble.told is None:
        return Kind.BEGAN if now - trouble.since >= LASTING[trouble.alert.severity] else None
    if trouble.alert.severity is Severity.CRITICAL and abs(now - trouble.told) >= REMIND:
        return Kind.LASTS
    return None


def after(troubles: Mapping[str, Trouble], messages: Iterable[Message], now: float) -> dict[str, Trouble]:
    """The troubles once these messages have reached somebody."""
    left = dict(troubles)
    for message in messages:
        key = message.trouble.alert.key
        if message.kind is Kind.OVER:
            left.pop(key, None)
        elif key in left:
            left[key] = replace(left[key], told=now)
    return left
