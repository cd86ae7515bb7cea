"""What the logger must still know after a crash or a power cut: registers, device counters, state of charge.

A file of its own, synced at each commit, beside the readings: registers are money, readings may be on a
server, and the registers depend on no server. A commit costs some 10 kB of writing, so there are few; between
them the same rows are in the frames of the spool, from which the file catches up at a start.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypedDict

from node.logger import charge
from node.logger.charge import Charge, Method
from node.logger.integration import GRAINS_PER_MWH
from node.logger.meter import Direction, Meter
from node.readings.opening import METERS
from store import registers, sqlite
from store.errors import Unwritable
from store.snapshot import boot_id, boottime

FILE = METERS

DAY = 86_400.0
"""Seconds that an absence over a reboot may have lasted at least: a clock without battery knows no better."""

MIGRATIONS = (
    """
    CREATE TABLE meters (
        name            TEXT PRIMARY KEY,
        forward         INTEGER NOT NULL,  -- mWh
        forward_rest    INTEGER NOT NULL,  -- grains below one mWh
        forward_counter INTEGER,           -- mWh, as the device showed
        reverse         INTEGER NOT NULL,
        reverse_rest    INTEGER NOT NULL,
        reverse_counter INTEGER,
        at              REAL NOT NULL,     -- boottime seconds of the sample, in this boot:
        boot            TEXT NOT NULL,
        unix            REAL NOT NULL      -- seconds, when it was saved
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE battery (
        sensor  TEXT PRIMARY KEY,
        level   REAL NOT NULL,
        error   REAL NOT NULL,
        method  TEXT NOT NULL,
        forward INTEGER,
        reverse INTEGER,
        at      REAL NOT NULL,
        boot    TEXT NOT NULL,
        unix    REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)


Row = Sequence[str | int | float | None]


class State(TypedDict):
    """Rows of the tables, as they go into a frame of the spool."""

    meters: Sequence[Row]
    battery: Sequence[Row]


class Ledger:
    """The logger's own memory, `state/meters.db`."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            StoreError: it cannot be opened, or is newer than this code.
        """
        self._path = path
        self._lock = Lock()
        self._connection = sqlite.open_writer(path, "full")
        sqlite.migrate(self._connection, MIGRATIONS)

    def save(self, state: State) -> None:
        """Keep this state, all of it or nothing.

        Raises:
            Unwritable: disk full or broken.
        """
        try:
            with self._lock, sqlite.transaction(self._connection) as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO meters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", state["meters"]
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO battery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", state["battery"]
                )
        except sqlite3.Error as error:
            raise Unwritable(f"cannot keep the registers in {self._path}: {error}; check the disk") from error

    def catch_up(self, state: Mapping[str, Any]) -> None:
        """Take over what the spool kept after this file was last saved: registers no lower than here.

        Args:
            state: a `State`; whatever else is in it is left alone.

        Raises:
            Unwritable: disk full or broken.
        """
        meters = [row for row in state.get("meters", ()) if _counted(row) >= self._saved(row[0])]
        names = {row[0] for row in meters}
        battery = [row for row in state.get("battery", ()) if row[0] in names]
        if meters:
            self.save({"meters": meters, "battery": battery})

    def _saved(self, name: str) -> int:
        row = self._connection.execute("SELECT * FROM meters WHERE name = ?", (name,)).fetchone()
        return -1 if row is None else _counted(tuple(row))

    def meter(self, name: str, published: Path) -> Meter:
        """A meter as it was saved, or a new one.

        Args:
            published: the folder of the registers. One of this boot is newer than what was saved, and what
                was published never falls.
        """
        row = self._connection.execute("SELECT * FROM meters WHERE name = ?", (name,)).fetchone()
        shown = registers.read(published, name)
        if row is None:
            meter = Meter(name=name)
        else:
            meter = Meter(
                name=name,
                forward=Direction(
                    row["forward"] * GRAINS_PER_MWH + row["forward_rest"], row["forward_counter"]
                ),
                reverse=Direction(
                    row["reverse"] * GRAINS_PER_MWH + row["reverse_rest"], row["reverse_counter"]
                ),
                at=boottime() - _absence(row),
            )
        if shown is None:
            return meter
        return Meter(
            name=name,
            forward=_not_below(meter.forward, shown.forward),
            reverse=_not_below(meter.reverse, shown.reverse),
            at=meter.at,
        )

    def charge(self, sensor: str, meter: Meter) -> Charge | None:
        """The state of charge as it was saved; None if there is none."""
        row = self._connection.execute("SELECT * FROM battery WHERE sensor = ?", (sensor,)).fetchone()
        if row is None:
            return None
        saved = Charge(
            level=row["level"],
            error=row["error"],
            method=Method(row["method"]),
            forward=row["forward"],
            reverse=row["reverse"],
            at=row["at"],
        )
        counts = meter.forward.counter is not None and meter.reverse.counter is not None
        return charge.resumed(saved, boottime(), _absence(row), counted=counts)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def state_of(meters: Iterable[Meter], battery: str | None, charged: Charge | None) -> State:
    """What is to be kept of these meters.

    Args:
        battery: the sensor on the battery.
    """
    moment = (boot_id(), time.time())
    return {
        "meters": [(*_row(meter), *moment) for meter in meters if meter.at is not None],
        "battery": [] if battery is None or charged is None else [(battery, *_charge_row(charged), *moment)],
    }


def _counted(row: Row) -> int:
    """Grains of both directions: they never fall, so of two rows of a meter that with more is the newer."""
    _, forward, forward_rest, _, reverse, reverse_rest, *_ = row
    return (
        (int(forward or 0) + int(reverse or 0)) * GRAINS_PER_MWH
        + int(forward_rest or 0)
        + int(reverse_rest or 0)
    )


def _row(meter: Meter) -> tuple[str | int | float | None, ...]:
    forward, reverse = meter.forward, meter.reverse
    return (
        meter.name,
        *divmod(forward.grains, GRAINS_PER_MWH),
        forward.counter,
        *divmod(reverse.grains, GRAINS_PER_MWH),
        reverse.counter,
        meter.at,
    )


def _charge_row(charged: Charge) -> tuple[str | int | float | None, ...]:
    return (
        charged.level,
        charged.error,
        charged.method,
        charged.forward,
        charged.reverse,
        charged.at,
    )


def _absence(row: sqlite3.Row) -> float:
    """Seconds since a saved sample; over a reboot, the most that it may have been."""
    if row["boot"] == boot_id():
        return max(boottime() - float(row["at"]), 0.0)
    return max(time.time() - float(row["unix"]), 0.0) + DAY


def _not_below(direction: Direction, shown: int) -> Direction:
    """A direction that takes up what was published: without a counter at once, with one after its reading."""
    floor = shown * GRAINS_PER_MWH
    grains = direction.grains if direction.counter is not None else max(direction.grains, floor)
    return Direction(grains, direction.counter, max(floor, direction.grains))
