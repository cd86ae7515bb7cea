"""`commonwatt doctor`: look at everything, and say what to do about what fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from node.cli.options import answer, chosen, config_option, json_option
from node.doctor.examination import Entry, examine
from node.doctor.findings import Failed, Ok

MARKS = {"ok": ("✓", "green"), "warned": ("!", "yellow"), "failed": ("✗", "red")}


@click.command()
@config_option
@json_option
@click.pass_context
def doctor(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check configuration, keys, clock, store, chain, contracts, sensors and relays of this household.

    Exit code 1 when a check failed; a warning is no failure.
    """
    entries = []
    for entry in examine(chosen(files)):
        entries.append(entry)
        if not as_json:
            click.echo("\n".join(lines(entry)))
    failed = sum(isinstance(entry.finding, Failed) for entry in entries)
    if as_json:
        answer(True, {"ok": not failed, "findings": [facts(entry) for entry in entries]}, "")
    else:
        click.echo(f"\n{failed} failed" if failed else "\nNothing failed.")
    context.exit(1 if failed else 0)


def lines(entry: Entry) -> Iterator[str]:
    """An entry for people: what was found, and below it what to do."""
    mark, colour = MARKS[result(entry)]
    yield f"{click.style(mark, fg=colour)} {entry.check:<10} {entry.finding.what}"
    if not isinstance(entry.finding, Ok):
        yield f"  {'':<10} → {entry.finding.advice}"


def facts(entry: Entry) -> dict[str, str]:
    """An entry for programs."""
    return {"check": entry.check, "result": result(entry), **asdict(entry.finding)}


def result(entry: Entry) -> str:
    """ok, warned or failed."""
    return type(entry.finding).__name__.lower()
