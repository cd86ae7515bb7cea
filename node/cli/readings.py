"""`commonwatt readings`: check the chain of readings, see what was reported, prove a reading to others."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from chain.errors import ChainError
from contracts.errors import ContractsError
from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option, with_settings
from node.cli.progress import counted
from node.config import Settings
from node.readings import Readings, open_readings
from node.readings.checking import Checked, check
from node.readings.proof import Proof, dumps, fields, loads
from node.readings.retention import kept_since
from node.reports.book import Entry, open_book
from node.reports.comparing import day
from node.reports.onchain import Reported
from node.wallet.database import FILE


class Moment(click.ParamType[int]):
    """A point in time: ISO 8601 (local time unless it says otherwise), or Unix seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it as Unix ms."""
        try:
            return round(moment(str(value)) * 1_000)
        except ValueError:
            self.fail(
                f"write 2025-11-25T14:30:05, with or without +01:00, or Unix seconds, not {value!r}",
                param,
                ctx,
            )


def moment(text: str) -> float:
    """Unix seconds.

    Raises:
        ValueError: it is neither ISO 8601 nor a number.
    """
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


@click.group(cls=Listing)
def readings() -> None:
    """Check the readings, see what was reported of them, and prove one to others."""


@readings.command(name="check")
@json_option
@with_settings
@click.pass_context
def check_(context: click.Context, settings: Settings, as_json: bool) -> None:
    """Walk the whole chain of the readings, and compare it with every root that is on the chain.

    Exit code 1 when something does not fit. Without a node that answers only the readings are checked.
    """
    from node.reports.comparing import differences  # noqa: PLC0415 - only what each command needs
    from node.reports.covering import rooted  # noqa: PLC0415

    since = kept_since(settings.readings, round(time.time() * 1_000))
    try:
        on_chain, why = reported_on_chain(settings), ""
    except (ChainError, ContractsError) as error:
        on_chain, why = [], str(error)
    with opened(settings) as stored:
        newest = stored.newest()
        with counted("batches", 0 if newest is None else newest.number) as progress:
            found = check(stored, kept_since=since, progress=progress)
        booked = [] if why else reported(settings)
        wrong = list(differences(booked, on_chain, lambda covered: rooted(stored, covered.span)))
    facts = {
        "intact": found.intact and not wrong,
        "batches": found.batches,
        "samples": found.samples,
        "batches_deleted_by_age": found.pruned,
        "digest": f"0x{found.digest.hex()}",
        "broken": found.broken,
        "why": found.why,
        "strays": found.strays,
        "reports_on_chain": None if why else len(on_chain),
        "reports_wrong": wrong,
    }
    answer(as_json, facts, "\n".join(told(found, len(on_chain), wrong, why)))
    context.exit(0 if facts["intact"] else 1)


def told(found: Checked, on_chain: int, wrong: list[str], why: str) -> Iterator[str]:
    """What a check found, for people."""
    gone = f", {found.pruned} batches deleted by age" if found.pruned else ""
    yield f"{found.batches} batches with {found.samples} samples fit{gone}"
    if found.broken is not None:
        yield f"batch {found.broken} does not fit: {found.why}"
    if found.strays:
        yield f"{found.strays} samples lie outside of their batches: they were slipped in"
    if why:
        yield f"not compared with the chain: {why}"
    elif not wrong:
        yield f"they lead to all {on_chain} roots that were reported"
    yield from wrong


def reported_on_chain(settings: Settings) -> list[Reported]:
    """What the chain has of this household.

    Raises:
        ChainError: the node does not answer.
        ContractsError: there is no manifest.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.manifest import load  # noqa: PLC0415
    from node.reports.onchain import reported as all_reported  # noqa: PLC0415
    from node.wallet.address import own_address  # noqa: PLC0415

    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    try:
        return all_reported(client, load(settings.chain.manifest), own_address(settings.account))
    finally:
        client.close()


@readings.command()
@json_option
@click.option("--last", type=click.IntRange(1), help="Only so many of the newest.")
@with_settings
def reports(settings: Settings, last: int | None, as_json: bool) -> None:
    """List what this household has reported, with the transaction of each."""
    found = reported(settings, last)
    lines = [line(entry) for entry in found] or ["nothing was reported yet"]
    answer(as_json, {"reports": [listed(entry) for entry in found]}, "\n".join(lines))


@readings.command()
@click.argument("meter")
@click.argument("at", metavar="TIME", type=Moment())
@click.option("--out", type=file_path, help="File to write. [default: the terminal]")
@with_settings
def prove(settings: Settings, meter: str, at: int, out: Path | None) -> None:
    """Prove what METER showed at TIME: its newest reading by then, as a small file that needs nothing else.

    TIME is ISO 8601 (local time unless it says otherwise) or Unix seconds.
    """
    from contracts.manifest import load  # noqa: PLC0415 - only what each command needs
    from node.reports.proving import proved  # noqa: PLC0415
    from node.wallet.address import own_address  # noqa: PLC0415

    if out is not None and not os.access(out.absolute().parent, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{out.parent} is not there, or cannot be written", param_hint="--out")
    with opened(settings) as stored, open_book(settings.paths.state / FILE) as book:
        proof = proved(
            stored,
            book,
            chain_id=load(settings.chain.manifest).chain_id,
            household=own_address(settings.account),
            meter=meter,
            moment=at,
        )
    text = dumps(proof)
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{out}: {shown(proof)}")


@readings.command()
@click.argument("proof", type=click.File("rb"))
@click.option("--rpc", metavar="URL", help="A node of the neighbourhood's chain, to look for the report.")
@click.option(
    "--manifest", type=file_path, help="The neighbourhood's contracts, of which one must have the report."
)
@json_option
@click.pass_context
def verify(context: click.Context, proof: Any, rpc: str | None, manifest: Path | None, as_json: bool) -> None:
    """Check a PROOF ("-": from the input). Without --rpc nothing else is needed: it then says what the chain
    has to show.

    Exit code 1 when it does not hold, or the chain says otherwise.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.manifest import load  # noqa: PLC0415
    from node.readings.errors import ProofRefused  # noqa: PLC0415
    from node.reports.onchain import CONTRACT, contradicted  # noqa: PLC0415

    why, facts = "", {}
    try:
        given = loads(proof.read())
    except ProofRefused as error:
        answer(as_json, {"holds": False, "why": str(error)}, f"refused: {error}")
        context.exit(1)
    facts = fields(given)
    if not given.holds:
        why = "the path does not lead to the root that it names"
    elif manifest is not None and load(manifest).contract_at(given.report.market) != CONTRACT:
        why = f"{given.report.market} is no market of this neighbourhood"
    elif rpc is not None:
        client = ChainClient(rpc)
        try:
            why = contradicted(client, given.report)
        finally:
            client.close()
    lines = [f"refused: {why}"] if why else list(verified(given, on_chain=rpc is not None))
    answer(
        as_json,
        {"holds": not why, "why": why, "on_chain": rpc is not None and not why, **facts},
        "\n".join(lines),
    )
    context.exit(1 if why else 0)


def verified(proof: Proof, *, on_chain: bool) -> Iterator[str]:
    """A proof that holds, for people."""
    report = proof.report
    yield shown(proof)
    yield f"by household {report.household}, reported for {day(report.span.start)} to {day(report.span.end)}"
    event = f"Reported(household, interval {report.span.start}, …, root 0x{report.root.hex()})"
    if on_chain:
        yield f"The chain has that report: transaction {report.transaction}."
        return
    yield f"It holds if the chain {report.chain_id} has in transaction {report.transaction}"
    yield f"the event {event} of the market {report.market}; --rpc URL looks for it."


def shown(proof: Proof) -> str:
    """A reading in a line."""
    sample = proof.sample
    units = {"voltage": "mV", "current": "mA", "power": "mW", "forward": "mWh", "reverse": "mWh"}
    values = [f"{n} {v} {u}" for n, u in units.items() if (v := getattr(sample, n)) is not None]
    if sample.soc is not None:
        values.append(f"SoC {sample.soc / 100:g} %")
    return f"{sample.meter} at {day(sample.taken / 1_000)}: {', '.join(values)}"


def line(entry: Entry) -> str:
    """A report in a line."""
    covered, span = entry.covered, entry.covered.span
    return (
        f"{day(span.start)} to {day(span.end)}  produced {covered.produced}, consumed {covered.consumed}  "
        f"{span.batches} batches  {entry.stage or 'unknown'}  {entry.transaction or '–'}"
    )


def listed(entry: Entry) -> dict[str, Any]:
    """A report for programs."""
    covered, span = entry.covered, entry.covered.span
    return {
        "interval": span.start,
        "end": span.end,
        "first_batch": span.first,
        "batches": span.batches,
        "produced_mwh": covered.produced.mwh,
        "consumed_mwh": covered.consumed.mwh,
        "root": f"0x{covered.root.hex()}",
        "state": entry.stage or "unknown",
        "transaction": entry.transaction,
        "block": entry.block,
    }


def reported(settings: Settings, last: int | None = None) -> list[Entry]:
    """What was reported; nothing where client-interaction has never run."""
    file = settings.paths.state / FILE
    if not file.exists():
        return []
    with open_book(file) as book:
        return book.all(-1 if last is None else last)


@contextmanager
def opened(settings: Settings) -> Iterator[Readings]:
    """The household's readings."""
    with open_readings(settings.readings.url, settings.paths.state, read_only=True) as stored:
        yield stored
