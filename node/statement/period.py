"""A month of the household's calendar, as two moments, and the time zone that it is of."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from node.statement.errors import UnknownMonth, UnknownZone


@dataclass(frozen=True)
class Month:
    """A calendar month in a time zone: days there may have 23 or 25 hours."""

    year: int
    number: int
    """1 to 12."""

    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> Month:
        """Read "2026-11".

        Raises:
            UnknownMonth: it is not one.
        """
        found = re.fullmatch(r"(\d{4})-(\d{2})", text.strip())
        if found is None or not 1 <= int(found[2]) <= 12 or not 1970 < int(found[1]) < 9999:
            raise UnknownMonth(f"{text!r} is no month: write it as 2026-11")
        return cls(int(found[1]), int(found[2]), zone)

    @property
    def start(self) -> int:
        """Unix seconds at which it begins."""
        return int(datetime(self.year, self.number, 1, tzinfo=self.zone).timestamp())

    @property
    def end(self) -> int:
        """Unix seconds at which the next one begins."""
        year, number = (self.year + 1, 1) if self.number == 12 else (self.year, self.number + 1)
        return int(datetime(year, number, 1, tzinfo=self.zone).timestamp())

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


LOCALTIME = Path("/etc/localtime")


def zone(name: str | None, localtime: Path = LOCALTIME) -> ZoneInfo:
    """A time zone by its name; None: this host's, or UTC where it has none.

    Raises:
        UnknownZone: there is no such zone.
    """
    if name is None:
        given = os.environ.get("TZ", "").removeprefix(":")
        _, _, linked = str(localtime.resolve()).partition("/zoneinfo/")
        name = given or linked or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(
            f"{name!r} is no time zone that this host knows: write it as Europe/Paris"
        ) from None
