"""A household's databases in one folder, taken while everything runs, and put back where nothing does.

The keys are not among them: `commonwatt key backup` is for those. `index.db` is made anew from the chain, and
the chain has a backup of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.databases import READINGS, WRITERS
from node.readings import Readings, checking
from node.readings.copying import copy
from node.readings.opening import open_store
from node.readings.sqlite import SqliteReadings
from store import manifest, sqlite
from store.errors import Taken, Unopenable, Unwritable
from store.manifest import Manifest

if TYPE_CHECKING:
    from node.config import Settings

BESIDE = ("", "-wal", "-shm")
"""A database's own files."""

Progress = Callable[[str], Callable[[int, int], None]]
"""Given what is worked on, tells of it what is done, and all."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back."""

    names: tuple[str, ...]
    aside: Path | None
    """Where what was there is now."""


def make(settings: Settings, folder: Path, progress: Progress) -> Manifest:
    """Copy everything into a folder, or bring the copy there up to date.

    Raises:
        StoreError: something cannot be read or written.
        ReadingsError: the folder holds readings of others, or ours do not fit.
    """
    state = settings.paths.state
    manifest.begin(folder)
    names = []
    for name in WRITERS:
        if name == READINGS:
            continue
        if not (state / name).exists():
            (folder / name).unlink(missing_ok=True)
            continue
        with closing(sqlite.open_reader(state / name)) as database:
            sqlite.backup(database, folder / name, progress(name))
        names.append(name)
    facts: dict[str, Any] = {
        "household": settings.household.name,
        "taken": round(time.time()),
        "version": version("commonwatt"),
    }
    if settings.readings.url is not None or (state / READINGS).exists():
        facts["readings"] = _readings(settings, folder / READINGS, progress(READINGS))
        names.append(READINGS)
    return manifest.seal(folder, names, facts)


def check(folder: Path, progress: Progress) -> tuple[Manifest, list[str]]:
    """Read a whole backup; what is wrong with it, in a sentence each.

    Raises:
        StoreError: it is none, or not finished.
    """
    found = manifest.read(folder)
    wrong = list(manifest.differences(folder, found))
    for name in found.hashes:
        if not wrong:
            wrong += damaged(folder / name)
    if READINGS in found.hashes and not wrong:
        with SqliteReadings(folder / READINGS, read_only=True) as readings:
            wrong += unfit(readings, progress(READINGS))
    return found, wrong


def damaged(path: Path) -> Iterator[str]:
    """What is wrong with the file of a database."""
    what = sqlite.damage(path)
    if what:
        yield f"{path.name} is damaged: {what}."


def unfit(
    readings: Readings, progress: Callable[[int, int], None], kept_since: int | None = None
) -> Iterator[str]:
    """What is wrong with the chain of the readings."""
    newest = readings.newest()
    all_ = 0 if newest is None else newest.number
    found = checking.check(readings, kept_since=kept_since, progress=lambda done: progress(done, all_))
    if found.broken is not None:
        yield f"Batch {found.broken} of the readings does not fit: {found.why}."
    if found.strays:
        yield f"{found.strays} readings lie outside of their batches."


def restore(settings: Settings, folder: Path, progress: Progress, *, replace: bool) -> Restored:
    """Put a backup back. Nothing is changed before everything was looked at.

    Args:
        replace: what is there is moved aside; else it is left alone and nothing is done.

    Raises:
        StoreError: it is no backup, its hashes differ, a process runs, or something is there.
        ReadingsError: the server has other readings.
    """
    found = manifest.read(folder)
    state = settings.paths.state
    household = found.facts.get("household")
    if household != settings.household.name:
        raise Unopenable(f"{folder} is a backup of {household!r}, this is {settings.household.name!r}")
    wrong = list(manifest.differences(folder, found))
    if wrong or not set(found.hashes) <= set(WRITERS):
        raise Unopenable(
            f"{folder}: {' '.join(wrong) or 'it holds what is none of ours.'} Take another backup"
        )
    files = [name for name in found.hashes if name != READINGS or settings.readings.url is None]
    for name, writer in WRITERS.items():
        if sqlite.in_use(state / name):
            raise Taken(f"{state / name} is in use: stop `commonwatt {writer} run` and what else has it open")
    there = [name for name in files if (state / name).exists()]
    if there and not replace:
        raise Taken(
            f"{', '.join(there)} in {state}: there is something already; with --replace it is moved aside"
        )
    aside = state / time.strftime("replaced-%Y%m%dT%H%M%S") if there else None
    for name in files:
        _put(folder / name, state / name, aside)
    if READINGS in found.hashes and settings.readings.url is not None:
        with (
            SqliteReadings(folder / READINGS, read_only=True) as source,
            open_store(settings.readings.url, state) as target,
        ):
            copy(source, target, progress(READINGS))
    return Restored(names=tuple(found.hashes), aside=aside)


def _readings(settings: Settings, target: Path, progress: Callable[[int, int], None]) -> dict[str, Any]:
    with (
        open_store(settings.readings.url, settings.paths.state, read_only=True) as source,
        SqliteReadings(target) as kept,
    ):
        copied = copy(source, kept, progress)
        samples = kept.stored(copied.batches)
    try:
        with closing(sqlite3.connect(target)) as file:
            file.execute("PRAGMA journal_mode = DELETE")  # one file
    except sqlite3.Error as error:
        raise Unwritable(f"cannot finish {target}: {error}") from error
    return {"batches": copied.batches, "samples": samples, "digest": f"0x{copied.digest.hex()}"}


def _put(source: Path, target: Path, aside: Path | None) -> None:
    """Put a file where a database belongs; what was there goes aside, its log too, which would be read on."""
    target = target.resolve()  # it may be a link into a folder that only its writer can write
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        like = target.stat() if target.exists() else target.parent.stat()
        fresh = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, fresh)
        if os.geteuid() == 0:
            os.chown(fresh, like.st_uid, like.st_gid)
        fresh.chmod(sqlite.MODE)
        manifest.synced(fresh)
        for ending in BESIDE:
            old = target.with_name(target.name + ending)
            if old.exists():
                if aside is None:
                    old.unlink()  # a log without its database
                else:
                    aside.mkdir(exist_ok=True, mode=0o700)
                    shutil.move(old, aside / old.name)
        fresh.replace(target)
        manifest.sync_folder(target.parent)
    except OSError as error:
        raise Unwritable(
            f"cannot put {target} back: {error.strerror}; look for room, and repeat it as root"
        ) from error
