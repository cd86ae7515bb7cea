"""`commonwatt chain survey|recover-stall`: a chain that stands still, looked at and set going again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chain.errors import BadAnswer, Misconfigured
from node.cli.options import answer, file_path, json_option, with_settings
from node.config import Settings

if TYPE_CHECKING:
    from chain.stall import Survey, Verdict

RECORD = "chain-operations.log"
"""In the state folder: what was done to the chain by hand, a line of JSON each."""


@click.command()
@click.argument("file", type=file_path)
@json_option
@with_settings
def survey(settings: Settings, file: Path, as_json: bool) -> None:
    """Write what this host's node says of its last blocks into FILE, for `recover-stall`.

    Needs the node's administrative socket: run it as the chain's user, or as root.
    """
    from chain.files import replace_file  # noqa: PLC0415 - only what each command needs
    from chain.recovery import survey as surveyed  # noqa: PLC0415

    found = surveyed(settings.chain.plan(), _sealer(settings))
    replace_file(file, found.to_json().encode(), mode=0o644)
    facts = {"survey": str(file), "height": found.head.number, "hash": found.head.hash}
    answer(as_json, facts, f"block {found.head.number}, {found.head.hash}, told in {file}")


@click.command("recover-stall")
@click.argument("surveys", type=file_path, nargs=-1, required=True, metavar="SURVEY...")
@click.option("--dry-run", is_flag=True, help="Only say what is the matter, and what would be done.")
@json_option
@with_settings
@click.pass_context
def recover_stall(
    context: click.Context, settings: Settings, surveys: tuple[Path, ...], dry_run: bool, as_json: bool
) -> None:
    """Bring the nodes of a chain that stands still together, from the surveys of as many as possible.

    Make a survey on every host, gather them, and run this with all of them on every host: all come to the
    same judgement, and those that do not hold the chosen chain go back to what they have in common with it.
    Nothing is done while the chain runs, while too few signers are asked, or where orders may have counted
    that would be undone. Exit code 1 when that is so.
    """
    from chain.recovery import adopt  # noqa: PLC0415 - only what each command needs
    from chain.stall import Finding, judge  # noqa: PLC0415

    verdict = judge([_read(each) for each in surveys], time.time())
    done = False
    if not dry_run and verdict.finding is Finding.PARTED:
        _record(settings.paths.state, verdict, "begun")
        done = adopt(settings.chain.plan(), verdict)
        _record(settings.paths.state, verdict, "changed" if done else "as it was")
    facts = {"finding": verdict.finding, "sentence": verdict.sentence, "changed": done}
    told = [f"{verdict.finding}: {verdict.sentence}"]
    if verdict.finding is Finding.PARTED and not dry_run:
        told.append("this node has taken it" if done else "this node holds it already: nothing was done here")
    answer(as_json, facts, "\n".join(told))
    context.exit(0 if verdict.finding is Finding.PARTED else 1)


def _sealer(settings: Settings) -> str | None:
    node = settings.chain.node
    if node is None or node.seal is None:
        return None
    from chain.keys import named  # noqa: PLC0415 - only what each command needs

    try:
        return named(node.seal.keystore)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{node.seal.keystore} does not say who seals here: {error}") from None


def _read(path: Path) -> Survey:
    from chain.stall import Survey  # noqa: PLC0415 - only what each command needs

    try:
        return Survey.from_json(path.read_text("utf-8"))
    except (OSError, BadAnswer, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {error}") from None


def _record(state: Path, verdict: Verdict, what: str) -> None:
    line = {"at": round(time.time(), 3), "act": "recover-stall", "what": what, "verdict": verdict.sentence}
    with (state / RECORD).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
