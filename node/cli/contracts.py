"""`commonwatt contracts`: deploy a neighbourhood's contracts, verify them, replace the market."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.authority import authority, manifest_option, place, with_contracts, with_key
from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option
from node.cli.progress import followed
from quantities import Tokens

if TYPE_CHECKING:
    from contracts.inspection import Inspection
    from contracts.manifest import Manifest

SENT = "transactions in the chain"
BLOCKS = click.IntRange(min=1)


@click.group(cls=Listing)
def contracts() -> None:
    """Deploy the contracts, verify them, replace the market."""


@contracts.command()
@with_contracts
@json_option
@click.pass_context
def verify(
    context: click.Context, rpc: str | None, manifest: Path | None, files: tuple[Path, ...], as_json: bool
) -> None:
    """Check that chain and code are those of the manifest, who holds which key, and what each market owes.

    Exit code 1 when something is not as it should be; 78 when the code on the chain is not the manifest's, or
    the manifest is none; 69 when it cannot be said yet: there is no manifest, no node answers, or it has not
    caught up with the block in which they were deployed.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import manifest as manifests  # noqa: PLC0415
    from contracts.inspection import inspect  # noqa: PLC0415

    address, file = place(rpc, manifest, files)
    client = ChainClient(address)
    found = manifests.load(file)
    found.verify(client)
    seen = inspect(client, found)
    wrong = list(seen.wrong())
    facts = {
        "ok": not wrong,
        "chain_id": found.chain_id,
        "contracts": dict(found.contracts()),
        "wrong": wrong,
        "drained": seen.drained(),
        **asdict(seen),
    }
    answer(as_json, facts, "\n".join(_told(found, seen, wrong)))
    context.exit(1 if wrong else 0)


@contracts.command()
@with_key
@click.option("--mint-cap", required=True, help="Tokens that one period may mint at most.")
@click.option("--mint-period", type=BLOCKS, required=True, help="Length of a period in blocks.")
@click.option("--supply-blocks", type=BLOCKS, required=True, help="Life of an order in blocks.")
@click.option(
    "--challenge-blocks",
    type=BLOCKS,
    required=True,
    help="Blocks that a seller has to redeem after the buyer asked to close.",
)
@click.option("--manifest", "target", type=file_path, required=True, help="File to write.")
@json_option
def deploy(
    *,
    rpc: str,
    keystore: Path,
    password_file: Path,
    mint_cap: str,
    mint_period: int,
    supply_blocks: int,
    challenge_blocks: int,
    target: Path,
    as_json: bool,
) -> None:
    """Deploy token, registry and market, and write the manifest that every household needs.

    A run that was ended is repeated with the same words: it finds on the chain what this key has deployed,
    and goes on. So it also writes a manifest anew that was lost.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.deploy import Terms  # noqa: PLC0415
    from contracts.deploy import deploy as deployed  # noqa: PLC0415

    if target.exists():
        raise click.BadParameter(f"{target} exists: a manifest is not overwritten", param_hint="--manifest")
    if not os.access(target.parent, os.W_OK | os.X_OK):  # found before anything is deployed
        raise click.BadParameter(
            f"{target.parent} is not there, or cannot be written: make it first", param_hint="--manifest"
        )
    try:
        cap = Tokens.parse(mint_cap)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--mint-cap") from error
    terms = Terms(
        mint_cap=cap, mint_period=mint_period, supply_blocks=supply_blocks, challenge_blocks=challenge_blocks
    )
    with followed(SENT) as progress:
        made = deployed(authority(rpc, keystore, password_file, progress), ChainClient(rpc), terms)
    made.save(target)
    _written(as_json, made, target, [])


@contracts.command("replace-market")
@with_key
@manifest_option
@click.option("--supply-blocks", type=BLOCKS, help="Life of an order in blocks. [default: as it is]")
@click.option(
    "--challenge-blocks", type=BLOCKS, help="Blocks that a seller has to redeem. [default: as it is]"
)
@click.option("--again", is_flag=True, help="Also when nobody has ordered on the current market yet.")
@json_option
def replace_market(
    *,
    rpc: str,
    keystore: Path,
    password_file: Path,
    manifest: Path,
    supply_blocks: int | None,
    challenge_blocks: int | None,
    again: bool,
    as_json: bool,
) -> None:
    """Deploy a new market, pause new orders on the old one, and write both into the manifest.

    Hand the manifest out then: households trade on the new market as soon as they have it, and orders that
    are open on the old one are supplied and settled there. A run that was ended is repeated with the same
    words.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import replacement  # noqa: PLC0415
    from contracts.manifest import load  # noqa: PLC0415

    client, before = ChainClient(rpc), load(manifest)
    before.verify(client)
    if replacement.fresh(client, before) and not again:
        _written(as_json, before, manifest, ["nothing was done: nobody has ordered here yet (--again)"])
        return
    terms = replacement.terms_of(client, before.current)
    asked = replacement.MarketTerms(
        supply_blocks=supply_blocks or terms.supply_blocks,
        challenge_blocks=challenge_blocks or terms.challenge_blocks,
    )
    with followed(SENT) as progress:
        sender = authority(rpc, keystore, password_file, progress)
        made = replacement.replace_market(sender, client, before, asked)
    made.save(manifest)
    _written(as_json, made, manifest, [f"now hand {manifest} out to every household"])


@contracts.command("drop-drained")
@click.option("--rpc", envvar="COMMONWATT_RPC", help="A node of the chain.", default="http://127.0.0.1:8545")
@manifest_option
@json_option
def drop_drained(rpc: str, manifest: Path, as_json: bool) -> None:
    """Take draining markets on which no order is open any more off the list that households watch.

    They stay in the manifest as drained: statements need their history.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.inspection import inspect  # noqa: PLC0415
    from contracts.manifest import load  # noqa: PLC0415

    client, before = ChainClient(rpc), load(manifest)
    before.verify(client)
    dropped = inspect(client, before).drained()
    made = before.dropping(dropped)
    if dropped:
        made.save(manifest)
    told = [f"dropped: {market}" for market in dropped] or [
        "nothing was dropped: orders are open, or none drains"
    ]
    _written(as_json, made, manifest, told)


@contracts.command("pause-orders")
@with_key
@manifest_option
@click.option("--market", metavar="ADDRESS", help="Which one of the manifest's. [default: the current one]")
@json_option
def pause_orders(**given: Any) -> None:
    """Take no new orders until further notice; orders that run are supplied and settled as ever."""
    _switch(paused=True, **given)


@contracts.command("resume-orders")
@with_key
@manifest_option
@click.option("--market", metavar="ADDRESS", help="Which one of the manifest's. [default: the current one]")
@json_option
def resume_orders(**given: Any) -> None:
    """Take new orders again."""
    _switch(paused=False, **given)


def _switch(
    *,
    paused: bool,
    rpc: str,
    keystore: Path,
    password_file: Path,
    manifest: Path,
    market: str | None,
    as_json: bool,
) -> None:
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.manifest import load  # noqa: PLC0415
    from contracts.pausing import set_paused  # noqa: PLC0415

    client, found = ChainClient(rpc), load(manifest)
    found.verify(client)
    known = {address.lower(): address for address in found.markets()}
    chosen = known.get((market or found.current).lower())
    if chosen is None:
        raise click.BadParameter(f"{market} is no market of {manifest}", param_hint="--market")
    with followed(SENT) as progress:
        changed = set_paused(authority(rpc, keystore, password_file, progress), client, chosen, paused=paused)
    state = "paused" if paused else "taken"
    facts = {"market": chosen, "paused": paused, "changed": changed}
    answer(as_json, facts, f"new orders on {chosen} are {state}{'' if changed else ', as they were'}")


def _written(as_json: bool, made: Manifest, target: Path, told: list[str]) -> None:
    facts = {
        "manifest": str(target),
        "contracts": dict(made.contracts()),
        "current": made.current,
        "draining": list(made.draining),
        "drained": list(made.drained),
    }
    places = dict.fromkeys(made.draining, "draining") | dict.fromkeys(made.drained, "drained")
    lines = [f"{name} at {at}{f', {places[at]}' if at in places else ''}" for at, name in made.contracts()]
    answer(as_json, facts, "\n".join([*lines, f"manifest: {target}", *told]))


def _told(found: Manifest, seen: Inspection, wrong: list[str]) -> Iterator[str]:
    yield f"chain {found.chain_id}, at block {seen.block}: every contract's code is as deployed"
    yield f"EnergyToken at {found.token}"
    yield f"  authority {seen.owner}"
    yield f"  minter {seen.minter or 'nobody'}; {seen.mintable} tokens can be minted in this period"
    yield f"  {seen.supply} tokens in all"
    yield f"NodeRegistry at {found.registry}"
    yield f"  authority {seen.registry_owner}; {seen.households} households"
    for market in seen.markets:
        yield f"EnergyMarket at {market.address}, {market.place}"
        yield f"  authority {market.owner}; new orders are {'paused' if market.paused else 'taken'}"
        stray = f"; {market.stray} tokens lie there by mistake" if market.stray else ""
        yield f"  {market.orders} open orders, {market.escrow} tokens in escrow{stray}"
    for market in seen.markets:
        if market.address in seen.drained():
            yield f"{market.address} has drained: commonwatt contracts drop-drained"
    yield from (f"wrong: {each}" for each in wrong)
