"""Whether a household's tokens will run out, and before its usual top-up. Pure.

What was spent on energy in the last weeks (less what was earned) goes on as it did; top-ups come as often as
they came so far. It is an estimate, made to warn some days ahead, and says nothing where it knows too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from fractions import Fraction
from itertools import pairwise
from statistics import median

from node.statement.rows import Kind, Row
from quantities import Tokens

DAY = 86_400
WEEKS = 28 * DAY
"""Seconds of usage that are looked at."""

LEAST = 2 * DAY
"""Seconds of usage below which nothing is said."""

AHEAD = 14 * DAY
"""Seconds ahead that are warned of, where no top-up is usual."""

TRADES = frozenset({Kind.ORDERED, Kind.BOUGHT, Kind.GIVEN_BACK, Kind.TAKEN_BACK, Kind.SOLD})


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a household's tokens do."""

    balance: Tokens
    """In the purse and set aside for its own orders."""

    spent: Tokens
    """On energy, less what was earned, within `over`."""

    over: int
    """Seconds."""

    top_ups: tuple[int, ...]
    """Unix seconds at which tokens were paid in, oldest first."""


@dataclass(frozen=True, kw_only=True)
class RunsOut:
    """The tokens end."""

    at: int
    """Unix seconds."""

    top_up: int | None
    """Unix seconds of the next usual top-up; None: no rhythm is known."""


def usage(movements: Iterable[Row], balance: Tokens, now: int) -> Usage:
    """What the last weeks' movements say.

    Args:
        movements: at least of the last four weeks; for the rhythm of top-ups, all.
        balance: now, in the purse and set aside.
        now: Unix seconds.
    """
    listed = [row for row in movements if row.at <= now]
    since = max(min((row.at for row in listed), default=now), now - WEEKS)
    recent = [row for row in listed if row.at >= since and row.kind in TRADES]
    return Usage(
        balance=balance,
        spent=-Tokens(sum((row.amount + row.set_aside).value for row in recent)),
        over=now - since,
        top_ups=tuple(row.at for row in listed if row.kind is Kind.PAID_IN),
    )


def runs_out(seen: Usage, now: int) -> RunsOut | None:
    """Whether the tokens will end before the next usual top-up; None: they last, or too little is known.

    Without a rhythm (fewer than two top-ups) it is told when they end within two weeks.
    """
    if seen.over < LEAST or seen.spent.value <= 0:
        return None
    at = now + int(Fraction(max(seen.balance.value, 0)) * seen.over / seen.spent.value)
    usual = next_top_up(seen.top_ups, now)
    if at < (now + AHEAD if usual is None else usual):
        return RunsOut(at=at, top_up=usual)
    return None


def next_top_up(top_ups: Sequence[int], now: int) -> int | None:
    """When the next one is usual: as long after the last as they lay apart so far (the median).

    One that is late counts as coming a whole interval after the last missed one: it cannot be relied on.
    """
    days = sorted({at // DAY for at in top_ups})  # two on a day are one
    if len(days) < 2:
        return None
    interval = int(median(later - earlier for earlier, later in pairwise(days))) * DAY
    last = max(top_ups)
    missed = max((now - last) // interval, 0)
    return last + (missed + 1) * interval


def sentence(found: RunsOut, zone: tzinfo | None = None) -> str:
    """The warning, without a full stop: "the tokens will run out on 28 November, before …".

    Args:
        found: what to say.
        zone: of the reader; None: this host's.
    """
    says = f"the tokens will run out on {_day(found.at, zone)}"
    if found.top_up is None:
        return says
    return f"{says}, before the usual top-up on {_day(found.top_up, zone)}"


def _day(at: int, zone: tzinfo | None) -> str:
    day: date = datetime.fromtimestamp(at, zone).date()
    return f"{day.day} {day:%B}"
