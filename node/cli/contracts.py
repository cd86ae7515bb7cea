"""`commonwatt contracts`: deploy a neighbourhood's contracts, or check that they are the right ones."""

from __future__ import annotations

import os
from pathlib import Path

import click

from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option, with_settings
from node.config import Settings
from quantities import Tokens


@click.group(cls=Listing)
def contracts() -> None:
    """Deploy the neighbourhood's contracts, or verify them."""


@contracts.command()
@json_option
@with_settings
def verify(settings: Settings, as_json: bool) -> None:
    """Check that the chain and the code on it are those of the manifest.

    Exit code 78 when they are not, or the manifest is none; 69 when it cannot be said yet: there is no
    manifest, no node answers, or it has not caught up with the block in which they were deployed.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import manifest as manifests  # noqa: PLC0415

    found = manifests.load(settings.chain.manifest)
    found.verify(ChainClient(settings.chain.rpc, settings.chain.timeout))
    facts = {"ok": True, "chain_id": found.chain_id, "contracts": dict(found.contracts())}
    lines = [f"{name} at {address}: as deployed" for address, name in found.contracts()]
    answer(as_json, facts, "\n".join(lines))


@contracts.command()
@click.option("--rpc", default="http://127.0.0.1:8545", show_default=True, help="A node of the chain.")
@click.option("--keystore", type=file_path, required=True, help="The authority's key.")
@click.option("--password-file", type=file_path, required=True, help="Its password.")
@click.option("--mint-cap", required=True, help="Tokens that one period may mint at most.")
@click.option(
    "--mint-period", type=click.IntRange(min=1), required=True, help="Length of a period in blocks."
)
@click.option(
    "--supply-blocks", type=click.IntRange(min=1), required=True, help="Life of an order in blocks."
)
@click.option(
    "--challenge-blocks",
    type=click.IntRange(min=1),
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
    """Deploy token, registry and market, and write the manifest that every household needs."""
    from chain import keys  # noqa: PLC0415 - only what each command needs
    from chain.client import ChainClient  # noqa: PLC0415
    from contracts.authority import Authority  # noqa: PLC0415
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
    client = ChainClient(rpc)
    made = deployed(Authority(keys.load(keystore, password_file), client), client, terms)
    made.save(target)
    facts = {"manifest": str(target), "contracts": dict(made.contracts())}
    answer(as_json, facts, "\n".join([*(f"{n} at {a}" for a, n in made.contracts()), f"manifest: {target}"]))
