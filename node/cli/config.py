"""`commonwatt config`: check the configuration, show it as it is understood, and document its keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from node.cli.listing import Listing
from node.cli.options import answer, chosen, config_option, json_option, with_settings
from node.config import ConfigError, Problem, Settings, load
from node.config.docs import documentation


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
def schema() -> None:
    """Print the JSON schema of the configuration, for editors."""
    click.echo(json.dumps(Settings.model_json_schema(), indent=2))


@config.command()
def docs() -> None:
    """Print the table of all keys: docs/configuration.md."""
    click.echo(documentation(), nl=False)


def _facts(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {"file": str(place.file), "line": place.line, "key": problem.key, "what": problem.what}


def _names(files: Sequence[Path]) -> str:
    return " and ".join(map(str, files))


def _yaml(facts: dict[str, object]) -> str:
    import yaml  # noqa: PLC0415 - writing is rare

    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True).rstrip()
