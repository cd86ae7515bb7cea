"""`commonwatt config`: check the configuration, show it as it is understood, and document its keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from node.cli.listing import Listing
from node.cli.options import answer, chosen, config_option, json_option, with_settings
from node.config import ConfigError, Problem, Settings, load
from node.config.docs import documentation

if TYPE_CHECKING:
    from node.changes.applying import Applied

NOTHING = "nothing is asked for"


@click.group(cls=Listing)
def config() -> None:
    """Check and show the configuration."""


@config.command()
@config_option
@json_option
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Read the configuration and tell everything that is wrong with it. Exit code 78 when something is."""
    files = chosen(files)
    try:
        settings = load(files)
    except ConfigError as error:
        if not as_json:
            raise
        answer(True, {"ok": False, "problems": [_facts(problem) for problem in error.problems]}, "")
        context.exit(error.exit_code)
    text = f"{settings.household.name}: {_names(files)} can be used"
    answer(as_json, {"ok": True, "household": settings.household.name, "problems": []}, text)


@config.command()
@json_option
@with_settings
def show(settings: Settings, as_json: bool) -> None:
    """Show every key with its value, defaults included and paths made absolute."""
    facts = settings.model_dump(mode="json")
    answer(as_json, facts, _yaml(facts))


@config.command()
@config_option
@click.option("--restart", is_flag=True, help="Have systemd start anew what a change concerns.")
@json_option
def apply(files: tuple[Path, ...], restart: bool, as_json: bool) -> None:
    """Do what is asked for on the pages: check it, and write it into the last of the files.

    Each request is done once or refused with a reason; the pages show which. Without `--restart` the
    processes that have to start anew are only named.
    """
    from node.changes import restarting  # noqa: PLC0415 - only what each command needs
    from node.changes.applying import apply_all  # noqa: PLC0415

    files = chosen(files)
    done = apply_all(files, load(files).paths.state, restarting.by_systemd if restart else restarting.by_hand)
    answer(as_json, {"changes": [asdict(each) for each in done]}, "\n".join(map(_came_of, done)) or NOTHING)


@config.command(hidden=True)
@config_option
@click.option("--asked", type=click.File("rb"), help="A request that is to be held against the checks.")
def form(files: tuple[Path, ...], asked: BinaryIO | None) -> None:
    """Tell the pages, as JSON, what may be changed, and what is wrong with a request. Changes nothing."""
    from node.changes.form import facts  # noqa: PLC0415 - only what each command needs

    click.echo(json.dumps(facts(chosen(files), None if asked is None else asked.read())))


@config.command()
def schema() -> None:
    """Print the JSON schema of the configuration, for editors."""
    click.echo(json.dumps(Settings.model_json_schema(), indent=2))


@config.command()
def docs() -> None:
    """Print the table of all keys: docs/configuration.md."""
    click.echo(documentation(), nl=False)


def _came_of(done: Applied) -> str:
    """One line for people."""
    what = "; ".join(done.said or done.problems)
    anew = f" (to start anew: {', '.join(done.restart)})" if done.restart else ""
    return f"{done.outcome}: {what}{anew}, asked by {done.by}"


def _facts(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {"file": str(place.file), "line": place.line, "key": problem.key, "what": problem.what}


def _names(files: Sequence[Path]) -> str:
    return " and ".join(map(str, files))


def _yaml(facts: dict[str, object]) -> str:
    import yaml  # noqa: PLC0415 - writing is rare

    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True).rstrip()
