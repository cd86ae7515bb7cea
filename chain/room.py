"""What the node's data takes of the disk, looked at each hour and remembered beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chain import lines
from chain.files import replace_file
from chain.growth import Point, forecast, is_due, noted

FILE = "growth.json"
"""In the node's data directory; geth leaves it alone."""

BLOCK = 512
"""Bytes that stat(2) counts a file's blocks by."""


class Room:
    """Keeps the points of one data directory. What cannot be read or written is told, and stops nothing."""

    def __init__(self, data: Path) -> None:
        """Read the points that are there."""
        self._data, self._file = data, data / FILE
        self._points = _read(self._file)

    def look(self, head_time: int) -> Mapping[str, object]:
        """What is to be published: bytes taken and left, bytes a day and days until the disk is full.

        Null is what is not known (yet), and `disk_days` where nothing grows.

        Args:
            head_time: Unix seconds of the chain's head.
        """
        if is_due(self._points, head_time):
            self._points = noted(self._points, Point(head_time, taken(self._data)))
            self._keep()
        try:
            free = shutil.disk_usage(self._data).free
        except OSError:
            return {}
        found = forecast(self._points, free)
        return {
            "disk_taken": self._points[-1].size,
            "disk_free": free,
            "disk_per_day": found.per_day if found else None,
            "disk_days": found.days if found else None,
        }

    def _keep(self) -> None:
        content = json.dumps([[point.at, point.size] for point in self._points])
        try:
            replace_file(self._file, content.encode(), mode=0o640)
        except OSError as error:
            lines.warning("the chain's growth cannot be noted", reason=str(error))


def taken(folder: Path) -> int:
    """Bytes that a folder takes of its disk; files that go away meanwhile count nothing."""
    found = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found += (Path(root) / name).lstat().st_blocks * BLOCK
    return found


def _read(path: Path) -> tuple[Point, ...]:
    try:
        found = [Point(int(at), int(size)) for at, size in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError):
        return ()
    return tuple(sorted(found, key=lambda point: point.at))
