"""`commonwatt chain backup|verify|restore`: a copy of the chain, for a node that has lost its own."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.options import answer, file_path, json_option, with_settings
from node.cli.progress import followed
from node.config import Settings

BLOCKS = "blocks"


@click.command()
@click.argument("folder", type=file_path)
@json_option
@with_settings
def backup(settings: Settings, folder: Path, as_json: bool) -> None:
    """Copy the running node's chain into FOLDER, or bring the copy there up to date.

    Needs the node's administrative socket: run it as the chain's user, or as root. Ended, it is repeated and
    goes on. The copy holds no key; those are backed up by `commonwatt key backup`.
    """
    from chain import backup as copies  # noqa: PLC0415 - only what each command needs
    from chain.clique import Clique  # noqa: PLC0415
    from chain.confirmations import settled  # noqa: PLC0415
    from chain.signers import SignerSet  # noqa: PLC0415

    plan = settings.chain.plan()
    node = Clique(plan)
    head = node.status().height
    last = settled(head, len(SignerSet(node).at(head)))
    with followed(BLOCKS) as progress:
        found = copies.make(plan, node, last, folder, progress)
    facts = {
        "folder": str(folder),
        "chain_id": found.chain_id,
        "blocks": found.last,
        "files": len(found.segments),
    }
    answer(as_json, facts, f"{folder} holds chain {found.chain_id} up to block {found.last}")


@click.command()
@click.argument("folder", type=file_path)
@json_option
def verify(folder: Path, as_json: bool) -> None:
    """Read the whole copy in FOLDER: every file as it was written, every block following the one before.

    Whether the seals are the signers' is checked when the copy is restored.
    """
    from chain import backup as copies  # noqa: PLC0415 - only what each command needs

    with followed(BLOCKS) as progress:
        found = copies.check(folder, progress)
    facts = {"folder": str(folder), "chain_id": found.chain_id, "blocks": found.last, "ok": True}
    answer(as_json, facts, f"{folder}: chain {found.chain_id}, {found.last} blocks, all there and in order")


@click.command()
@click.argument("folder", type=file_path)
@json_option
@with_settings
def restore(settings: Settings, folder: Path, as_json: bool) -> None:
    """Make the node's data from the copy in FOLDER; geth checks every block. The node must not run.

    Ended, it is repeated and goes on. What came after the copy the node gets from its peers.
    """
    from chain import backup as copies  # noqa: PLC0415 - only what each command needs
    from chain.clique import Clique  # noqa: PLC0415
    from chain.ports import check_lock  # noqa: PLC0415

    plan = settings.chain.plan()
    node = Clique(plan)
    check_lock(plan.data / "geth" / "LOCK", "chain.node.data")
    node.version()
    with followed(BLOCKS) as progress:
        found = copies.restore(plan, node, folder, progress)
    facts = {"data": str(plan.data), "chain_id": found.chain_id, "blocks": found.last}
    answer(as_json, facts, f"{plan.data} holds chain {found.chain_id} up to block {found.last}")
