"""Times as the API and tariffs have them: Unix milliseconds, and the household's zone to write them in."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quantities.said import Said

LOCALTIME = Path("/etc/localtime")
FOLDER = "/zoneinfo/"


@cache
def zone(name: str | None = None) -> ZoneInfo:
    """A time zone by its name (Europe/Paris); without one, this host's, and UTC where it has none.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name or host_zone())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if name is None:
            return ZoneInfo("UTC")
        raise ValueError(
            Said("there is no time zone %(name)s; write one as in Europe/Paris", name=repr(name))
        ) from None


def host_zone() -> str:
    """The name of this host's time zone, by $TZ or /etc/localtime; UTC when neither says one."""
    told = os.environ.get("TZ", "").lstrip(":")
    if told and not told.startswith("/"):
        return told
    _, found, name = os.path.realpath(told or LOCALTIME).rpartition(FOLDER)
    return name if found else "UTC"


def written(at: int, where: ZoneInfo) -> str:
    """A moment as RFC 3339 with its offset, to the millisecond.

    Args:
        at: Unix milliseconds.
    """
    moment = datetime.fromtimestamp(at // 1_000, UTC).astimezone(where)
    return moment.replace(microsecond=at % 1_000 * 1_000).isoformat(timespec="milliseconds")


def local_day(at: int, where: ZoneInfo) -> date:
    """The day to which a moment (Unix ms) belongs."""
    return datetime.fromtimestamp(at // 1_000, UTC).astimezone(where).date()


def midnight(day: date, where: ZoneInfo) -> int:
    """The beginning of a day, in Unix ms; of one whose midnight the clock leaves out, the moment after."""
    return unix_ms(datetime(day.year, day.month, day.day, tzinfo=where))


def unix_ms(moment: datetime) -> int:
    """An aware moment as Unix milliseconds, rounded down."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
