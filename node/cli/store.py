"""`commonwatt store`: back up, restore and check the household's databases, move readings to a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option, with_settings
from node.cli.progress import followed
from node.config import Settings

if TYPE_CHECKING:
    from node.backup import Progress

KEYS = "The keys are not in it: `commonwatt key backup` is for those."

AFTER = (
    "Nonces and own orders are looked up on the chain when client-interaction starts. "
    "The registers go on from the backup's: see docs/readings.md."
)


@click.group(cls=Listing)
def store() -> None:
    """Back the household's databases up, restore and check them, move the readings to a server."""


@store.command()
@click.argument("folder", type=file_path)
@json_option
@with_settings
def backup(settings: Settings, folder: Path, as_json: bool) -> None:
    """Copy the household's databases into FOLDER, or bring the copy there up to date, while everything runs.

    Ended, it is repeated and goes on. The keys are not in it; those are backed up by `commonwatt key backup`.
    """
    from node import backup as backups  # noqa: PLC0415 - only what each command needs

    with bars() as progress:
        made = backups.make(settings, folder, progress)
    readings = made.facts.get("readings")
    lines = [f"{folder} holds {', '.join(sorted(made.hashes)) or 'nothing: no process has run yet'}"]
    if readings:
        lines.append(f"the readings: {readings['batches']} batches, {readings['samples']} samples")
    answer(as_json, {"folder": str(folder), **made.facts, "files": made.hashes}, "\n".join([*lines, KEYS]))


@store.command()
@click.argument("folder", type=file_path)
@click.option("--replace", is_flag=True, help="Move what is there aside.")
@json_option
@with_settings
def restore(settings: Settings, folder: Path, replace: bool, as_json: bool) -> None:
    """Put the backup in FOLDER back. No process of the household may run.

    Refused when a hash differs. What is there is moved aside with --replace, else it is refused, too.
    """
    from node import backup as backups  # noqa: PLC0415 - only what each command needs

    with bars() as progress:
        done = backups.restore(settings, folder, progress, replace=replace)
    lines = [f"{', '.join(sorted(done.names))} restored from {folder}"]
    if done.aside is not None:
        lines.append(f"what was there is in {done.aside}")
    facts = {"restored": sorted(done.names), "aside": None if done.aside is None else str(done.aside)}
    answer(as_json, facts, "\n".join([*lines, KEYS, AFTER]))


@store.command()
@click.argument("folder", type=file_path, required=False)
@json_option
@with_settings
@click.pass_context
def check(context: click.Context, settings: Settings, folder: Path | None, as_json: bool) -> None:
    """Read the whole backup in FOLDER, or without FOLDER the household's own databases: hashes, pages, and
    the chain of the readings. Exit code 1 when something is wrong.
    """
    from node import backup as backups  # noqa: PLC0415 - only what each command needs

    with bars() as progress:
        if folder is not None:
            found, wrong = backups.check(folder, progress)
            names = sorted(found.hashes)
        else:
            names, wrong = own(settings, progress)
    where = settings.paths.state if folder is None else folder
    text = "\n".join(wrong) or f"{where}: {', '.join(names) or 'nothing'}, all as it was written"
    answer(as_json, {"ok": not wrong, "databases": names, "wrong": wrong}, text)
    context.exit(1 if wrong else 0)


@store.command()
@click.option("--to", metavar="URL", required=True, help="PostgreSQL, as postgresql://user@host/database.")
@json_option
@with_settings
def move(settings: Settings, to: str, as_json: bool) -> None:
    """Copy the readings to a PostgreSQL, with their chain, and verify all of them there.

    The logger may run: repeat the command when it is stopped, and it takes what has come in since. Ended, it
    is repeated and goes on.
    """
    from node.readings import checking  # noqa: PLC0415 - only what each command needs
    from node.readings.copying import compare, copy  # noqa: PLC0415
    from node.readings.opening import FILE, open_store  # noqa: PLC0415
    from node.readings.settings import server  # noqa: PLC0415
    from store.sqlite import in_use  # noqa: PLC0415

    try:
        server(to)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    if to == settings.readings.url:
        raise click.BadParameter("the readings are there already", param_hint="--to")
    state = settings.paths.state
    with (
        bars() as progress,
        open_store(settings.readings.url, state, read_only=True) as source,
        open_store(to, state) as target,
    ):
        copied = copy(source, target, progress("batches"))
        tell = progress("verified")
        found = checking.check(target, progress=lambda done: tell(done, copied.batches))
        compare(source, target, found, copied)
    running = settings.readings.url is not None or in_use(state / FILE)
    facts = {
        "batches": copied.batches,
        "samples": found.samples,
        "rollups": copied.rollups,
        "digest": f"0x{copied.digest.hex()}",
        "verified": True,
        "logger_may_run": running,
    }
    then = (
        "The logger may still write where the readings were. Stop it and repeat this; then set"
        if running
        else "Now set"
    )
    text = (
        f"{copied.batches} batches with {found.samples} samples and {copied.rollups} rollups fit there.\n"
        f"{then} readings.url: {to}, start the logger, and restart the other processes."
    )
    answer(as_json, facts, text)


def own(settings: Settings, progress: Progress) -> tuple[list[str], list[str]]:
    """The household's databases, and what is wrong with them."""
    from node import backup as backups  # noqa: PLC0415 - only what each command needs
    from node.databases import READINGS, WRITERS  # noqa: PLC0415
    from node.readings.opening import open_store  # noqa: PLC0415
    from node.readings.retention import kept_since  # noqa: PLC0415

    state, url = settings.paths.state, settings.readings.url
    names = sorted(name for name in WRITERS if (state / name).exists())
    wrong = [each for name in names for each in backups.damaged(state / name)]
    if not wrong and (url is not None or READINGS in names):
        since = kept_since(settings.readings, round(time.time() * 1_000))
        with open_store(url, state, read_only=True) as readings:
            wrong += backups.unfit(readings, progress(READINGS), since)
    return names, wrong


@contextmanager
def bars() -> Iterator[Progress]:
    """One bar after another."""
    with ExitStack() as opened:

        def begin(what: str) -> Callable[[int, int], None]:
            opened.close()
            return opened.enter_context(followed(what))

        yield begin
