"""What the Energy page shows at once: ten minutes, a day by hours, a week or month by days, a year by month.

Pure; days are the household's own, of 23, 24 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from node.dapp import language
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.local_time import local_day, midnight

HOUR_MS = 3_600_000

SLICE_MS = 10_000
"""Of *now*: CitizenWatt's sensor gives a value each eight seconds, ours one each second."""

SLICES = 60

EARLIEST = date(2020, 1, 1)
"""Nothing was measured before there was something to measure it."""


class Span(StrEnum):
    """How much is shown at once."""

    NOW = "now"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One bar: from `start` until before `end`, in Unix ms."""

    start: int
    end: int
    label: str
    """Under the bar."""
    title: str
    """Where there is room."""
    day: date | None = None
    """Its first day, where it is a day or a month."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """What is shown, and what there is before and after it."""

    span: Span
    on: date
    """Its first day."""
    title: str
    slots: tuple[Slot, ...]
    earlier: date | None
    later: date | None
    """None: there is nothing, or nothing yet."""

    @property
    def start(self) -> int:
        """Unix ms."""
        return self.slots[0].start

    @property
    def end(self) -> int:
        """Unix ms."""
        return self.slots[-1].end


def period(span: Span, on: date, where: ZoneInfo, now: int) -> Period:
    """The period of a span in which a day lies; days that never were, or are to come, are put right.

    Args:
        now: Unix ms.
    """
    today = local_day(now, where)
    first = _first(span, min(max(on, EARLIEST), today))
    if span is Span.NOW:
        slots = tuple(_slices(now, where))
        return Period(
            span=span, on=today, title=_("The last ten minutes"), slots=slots, earlier=None, later=None
        )
    before, after = _first(span, first - timedelta(days=1)), _next(span, first)
    return Period(
        span=span,
        on=first,
        title=_title(span, first),
        slots=tuple(_slots(span, first, where)),
        earlier=before if before >= _first(span, EARLIEST) else None,
        later=after if after <= today else None,
    )


def _first(span: Span, day: date) -> date:
    match span:
        case Span.WEEK:
            return day - timedelta(days=day.weekday())
        case Span.MONTH:
            return day.replace(day=1)
        case Span.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def _next(span: Span, first: date) -> date:
    match span:
        case Span.WEEK:
            return first + timedelta(days=7)
        case Span.MONTH:
            return _first(span, first + timedelta(days=31))
        case Span.YEAR:
            return first.replace(year=first.year + 1)
        case _:
            return first + timedelta(days=1)


def _title(span: Span, first: date) -> str:
    match span:
        case Span.WEEK:
            last = first + timedelta(days=6)
            begins = _written(first, N_("%d %B") if first.year == last.year else N_("%d %B %Y"))
            return _("%(first)s to %(last)s", first=begins, last=_written(last, N_("%d %B %Y")))
        case Span.MONTH:
            return _written(first, N_("%B %Y"))
        case Span.YEAR:
            return str(first.year)
        case _:
            return _written(first, N_("%A, %d %B %Y"))


def _slots(span: Span, first: date, where: ZoneInfo) -> Iterator[Slot]:
    if span is Span.DAY:
        yield from _hours(first, where)
        return
    write: Callable[[date], tuple[str, str]] = {
        Span.WEEK: lambda day: (_written(day, N_("%a %d")), _written(day, N_("%A, %d %B"))),
        Span.MONTH: lambda day: (str(day.day), _written(day, N_("%a %d"))),
    }.get(span, lambda day: (_written(day, "%b"), _written(day, N_("%B %Y"))))
    days, last = [first], _next(span, first)
    while days[-1] < last:
        days.append(_next(Span.MONTH if span is Span.YEAR else Span.DAY, days[-1]))
    for day, after in pairwise(days):
        label, title = write(day)
        yield Slot(start=midnight(day, where), end=midnight(after, where), label=label, title=title, day=day)


def _hours(day: date, where: ZoneInfo) -> Iterator[Slot]:
    at, end = midnight(day, where), midnight(day + timedelta(days=1), where)
    while at < end:
        until = min(at + HOUR_MS, end)
        began = _clock(at, where, "%H:%M")
        yield Slot(start=at, end=until, label=began.removesuffix(":00"), title=began)
        at = until


def _slices(now: int, where: ZoneInfo) -> Iterator[Slot]:
    last = now // SLICE_MS * SLICE_MS
    for at in range(last - SLICES * SLICE_MS, last, SLICE_MS):
        shown = _clock(at, where, "%H:%M:%S")
        yield Slot(start=at, end=at + SLICE_MS, label=shown[:5], title=shown)


def _clock(at: int, where: ZoneInfo, form: str) -> str:
    return language.written(datetime.fromtimestamp(at // 1_000, UTC).astimezone(where), form)


def _written(day: date, form: str) -> str:
    return language.written(day, form).lstrip("0").replace(" 0", " ")
