"""Can the household's files be written and read, and is there room for more?"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from node.alerts.judging import LITTLE, TOO_LITTLE
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.readings.opening import open_readings
from node.readings.spool import status
from node.readings.spool.status import Status
from store.errors import StoreError
from store.sqlite import open_reader

DATABASES = ("trade.db", "relay.db", "dapp.db")
"""Small ones, checked whole; the readings may be gigabytes."""

AS_ROOT = "run this as root: sudo commonwatt doctor (each process may have a user of its own)"


def check(settings: Settings) -> Iterator[Finding]:
    """Look at folders, databases and free space."""
    folders = {"paths.run": settings.paths.run, "paths.state": settings.paths.state}
    if settings.chain.node:
        folders["chain.node.data"] = settings.chain.node.data
    for key, folder in folders.items():
        yield usable(key, folder)
    state = settings.paths.state
    if state.is_dir() and not os.access(state, os.R_OK | os.X_OK):
        yield Failed(f"{state} is closed to this user: its files were not looked at", AS_ROOT)
    else:
        yield from (intact(state / name) for name in DATABASES if (state / name).exists())
        yield readings(settings)
        yield from spooled(status.read(settings.paths.run))
    for folder in {existing(folder).stat().st_dev: existing(folder) for folder in folders.values()}.values():
        yield room(folder, shutil.disk_usage(folder).free)


def usable(key: str, folder: Path) -> Finding:
    """Whether a folder is there, or can be made."""
    if folder.is_dir():
        if os.access(folder, os.W_OK | os.X_OK):
            return Ok(f"{folder} can be written")
        return Failed(f"{key}: {folder} cannot be written by this user", f"correct its owner, or {AS_ROOT}")
    parent = existing(folder)
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return Ok(f"{folder} will be made")
    return Failed(
        f"{key}: {folder} is not there and cannot be made", f"make it: sudo install -d -o $USER {folder}"
    )


def intact(path: Path) -> Finding:
    """Whether a database is what it was written as."""
    try:
        with closing(open_reader(path)) as database:
            [result] = database.execute("PRAGMA quick_check(1)").fetchone()
    except (StoreError, sqlite3.Error) as error:
        return Failed(f"{path}: {error}", "restore it from a backup, or move it away to begin anew")
    if result != "ok":
        return Failed(
            f"{path} is damaged: {result}", "restore it from a backup, or move it away to begin anew"
        )
    return Ok(f"{path.name} is intact")


def readings(settings: Settings) -> Finding:
    """Whether the readings' database answers."""
    where = settings.readings.url or settings.paths.state / "readings.db"
    if settings.readings.url is None and not Path(where).exists():
        return Ok("readings.db will be made when the logger first runs")
    try:
        with closing(open_readings(settings.readings.url, settings.paths.state, read_only=True)) as database:
            latest = database.latest()
    except StoreError as error:
        return Failed(str(error), "look at readings.url, and whether its user may read paths.state")
    return Ok(f"the readings of {len(latest)} meters are there")


def spooled(found: Status | None) -> Iterator[Finding]:
    """What the logger says of the samples that are not stored yet; nothing where none has run."""
    if found is not None and found.since is not None:
        yield Failed(
            f"the store has taken nothing since {written(found.since)}: {found.reason}; "
            f"{found.waiting} samples wait in the spool",
            "bring it back: what waits is stored by itself then; nothing is lost until the spool is full",
        )
    if found is not None and found.dropped_at is not None:
        yield Warned(
            f"{found.dropped} samples are lost, the last {written(found.dropped_at)}: the store "
            "was away for longer than the spool holds",
            "raise readings.spool_mb if the store may be away for so long again",
        )


def written(moment: float) -> str:
    """Unix seconds as a local time."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def room(folder: Path, free: int) -> Finding:
    """What so many free bytes mean."""
    what = f"{free / 1e9:.1f} GB free at {folder}"
    advice = "delete what is not needed, lower readings.keep_days, or take a larger card"
    if free < TOO_LITTLE:
        return Failed(what, advice)
    return Warned(what, advice) if free < LITTLE else Ok(what)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())
