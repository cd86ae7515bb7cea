"""Prices by interval, from a CSV file that somebody else keeps up to date: a day-ahead price, for instance.

    start,end,price
    2026-11-25T00:00:00+01:00,2026-11-25T00:15:00+01:00,0.0871

Times are RFC 3339 with their offset, or Unix seconds; a price is per kWh, with six decimals at most.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from threading import Lock

from node.local_time import unix_ms
from node.tariffs.errors import BadIntervals
from node.tariffs.plan import Files, Intervals, Plan
from quantities.amount import scaled

DECIMALS = 6
"""Of a micro-unit."""

COLUMNS = ["start", "end", "price"]


def parse(lines: Iterable[str], name: str) -> Intervals:
    """Read a file's lines.

    Raises:
        BadIntervals: a line makes no sense, or two intervals overlap; the message names the line.
    """
    reader = csv.reader(lines)
    head = next(reader, [])
    if [cell.strip() for cell in head] != COLUMNS:
        raise BadIntervals(f"{name}, line 1: write the columns' names first: {','.join(COLUMNS)}")
    rows = []
    for cells in reader:
        if not cells:
            continue
        try:
            start, end, price = cells
            row = (_moment(start), _moment(end), scaled(price, DECIMALS))
        except ValueError as error:
            place = f"{name}, line {reader.line_num}"
            raise BadIntervals(f"{place}: {error}; write {','.join(COLUMNS)}") from None
        if row[1] <= row[0]:
            raise BadIntervals(f"{name}, line {reader.line_num}: the interval ends before it begins")
        rows.append(row)
    rows.sort()
    for before, after in pairwise(rows):
        if after[0] < before[1]:
            raise BadIntervals(f"{name}: two intervals overlap at {after[0] // 1_000} (Unix s); keep one")
    starts, ends, prices = zip(*rows, strict=True) if rows else ((), (), ())
    return Intervals(starts=starts, ends=ends, prices=prices)


@dataclass
class IntervalFiles:
    """The files as last read; a file that changed is read again."""

    _read: dict[str, tuple[tuple[int, int], Intervals]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, plan: Plan) -> Files:
        """The prices of every file that a plan names.

        Raises:
            BadIntervals: one cannot be read.
        """
        names = {version.intervals for version in plan.versions if version.intervals}
        return {name: self._get(name) for name in sorted(names)}

    def _get(self, file: str) -> Intervals:
        try:
            with self._lock:
                about = Path(file).stat()
                written = (about.st_mtime_ns, about.st_size)
                kept = self._read.get(file)
                if kept is None or kept[0] != written:
                    with Path(file).open(encoding="utf-8", newline="") as lines:
                        kept = self._read[file] = (written, parse(lines, file))
                return kept[1]
        except (OSError, UnicodeDecodeError) as error:
            raise BadIntervals(f"{file} cannot be read: {error}; see tariffs in the configuration") from None


def _moment(text: str) -> int:
    text = text.strip()
    if text.isdecimal():
        return int(text) * 1_000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: append one, as in +01:00")
    return unix_ms(moment)
