"""`commonwatt chain`: run the household's node, seal blocks, and look at how it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from chain.errors import Misconfigured
from chain.settings import NodeSettings
from node.cli import chain_backup, membership, stall, votes, watch
from node.cli.listing import Listing
from node.cli.options import answer, json_option, with_settings
from node.config import Settings
from store import snapshot

MB = 1_000_000

STALE = 10.0
"""Seconds: the chain process tells the node's state every second."""


@click.group(cls=Listing)
def chain() -> None:
    """The chain node: run it, seal, look at it; who is in the neighbourhood."""


for each in (
    membership.request,
    membership.admit,
    membership.suspend,
    stall.survey,
    stall.recover_stall,
    chain_backup.backup,
    chain_backup.verify,
    chain_backup.restore,
    votes.propose,
    watch.watch,
):
    chain.add_command(each)


@chain.command()
@with_settings
def run(settings: Settings) -> None:
    """Run the chain node until stopped, and start it again when it dies."""
    from node import chain_process  # noqa: PLC0415 - only what each command needs

    command = chain_process.command(
        settings.chain.plan(), settings.paths.chain, settings.chain.manifest, settings.chain.rpc
    )
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@chain.command()
@with_settings
def seal(settings: Settings) -> None:
    """Hold the sealing key and sign block headers for the node, until stopped."""
    from chain import sealer_process  # noqa: PLC0415 - only what each command needs

    section = node(settings).seal
    if section is None:
        raise Misconfigured(
            "there is no section `chain.node.seal` in the configuration: this node is no signer"
        )
    command = sealer_process.command(section)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


@chain.command()
@json_option
@with_settings
def init(settings: Settings, as_json: bool) -> None:
    """Make the node's data directory from the genesis file; `run` does so too."""
    from chain.clique import Clique  # noqa: PLC0415 - only what each command needs

    plan = settings.chain.plan()
    engine = Clique(plan)
    engine.version()
    engine.init()
    text = f"{plan.data} holds the chain of {plan.genesis}"
    answer(as_json, {"data": str(plan.data), "genesis": str(plan.genesis)}, text)


@chain.command()
@click.option("--neighbours", is_flag=True, help="Ask every household's relay which chain its node follows.")
@json_option
@with_settings
@click.pass_context
def status(context: click.Context, settings: Settings, *, neighbours: bool, as_json: bool) -> None:
    """Show height, age of the head, peers, signers and what becomes of the disk, as the node tells them.

    Exit code 1 when no node runs, or a neighbour's node follows another chain.
    """
    told = snapshot.read(settings.paths.chain)
    if told is None:
        answer(as_json, {"running": False}, f"nothing in {settings.paths.chain}: no chain process runs")
        context.exit(1)
    running = told.age() < STALE
    facts = {"running": running, "told_s_ago": round(told.age(), 1), **told.fields}
    lines, agreed = [*told_by(told, time.time())], True
    if neighbours:
        more, said, agreed = asked(settings)
        facts, lines = facts | more, lines + said
    answer(as_json, facts, "\n".join(lines))
    context.exit(0 if running and agreed else 1)


def asked(settings: Settings) -> tuple[dict[str, Any], list[str], bool]:
    """Whether the neighbours follow our chain: as facts, for people, and whether none follows another."""
    from chain.client import ChainClient  # noqa: PLC0415 - only who asks needs it
    from node.agreement.asking import Neighbours  # noqa: PLC0415
    from node.agreement.judging import Verdict  # noqa: PLC0415
    from node.agreement.telling import facts, lines  # noqa: PLC0415

    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    click.echo("asking the neighbours: half a minute where one differs", err=True)
    found = Neighbours(client, settings.chain.manifest, settings.household.name).settled()
    agreed = not any(each.verdict is Verdict.OTHER for each in found)
    return {"neighbours": facts(found)}, [*lines(found)], agreed


def told_by(told: snapshot.Snapshot, now: float) -> Iterator[str]:
    """The node's state for people.

    Args:
        now: Unix seconds.
    """
    fields = told.fields
    age = now - float(fields.get("head_time") or 0)
    yield f"block {fields.get('height')}, {age:.0f} s old; told {told.age():.1f} s ago"
    sealing = "seals" if fields.get("sealing") else "does not seal"
    syncing = ", is catching up" if fields.get("syncing") else ""
    yield f"geth {fields.get('geth')} has {fields.get('peers')} peers, {sealing}{syncing}"
    silent = fields.get("silent", ())
    for signer in fields.get("signers", ()):
        yield f"signer {signer}" + (", silent: sealed none of the last blocks" if signer in silent else "")
    yield from disk(fields)
    if told.age() >= STALE:
        yield "nothing newer was told: is the chain process still running?"


def disk(fields: Mapping[str, Any]) -> Iterator[str]:
    """What the chain takes of the disk, and how long that can go on."""
    taken, free = fields.get("disk_taken"), fields.get("disk_free")
    if taken is None or free is None:
        return
    has = f"the chain takes {taken / MB:.0f} MB of the disk, {free / MB:.0f} MB are left"
    per_day, days = fields.get("disk_per_day"), fields.get("disk_days")
    if per_day is None:
        yield f"{has}; how fast it grows is known after six hours of chain"
    elif days is None:
        yield f"{has}; it does not grow"
    else:
        yield f"{has}; it grows by {per_day / MB:.1f} MB a day, for {days:.0f} days"


def node(settings: Settings) -> NodeSettings:
    """The node's section, which a host without a node leaves out.

    Raises:
        Misconfigured: it is not there.
    """
    if settings.chain.node is None:
        raise Misconfigured("there is no section `chain.node` in the configuration: this host runs no node")
    return settings.chain.node
