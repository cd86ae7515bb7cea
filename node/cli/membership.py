"""`commonwatt chain request|admit|suspend`: who is in the registry, and who may trade."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chain.errors import Misconfigured
from node.cli.authority import authority, manifest_option, wei, with_key
from node.cli.options import answer, file_path, json_option, with_settings
from node.cli.progress import followed
from node.config import Settings

if TYPE_CHECKING:
    from contracts.bindings import Household

SENT = "transactions in the chain"


@click.command()
@click.argument("file", type=file_path)
@click.option("--host", help="Where the neighbours reach this host. [default: the addresses it listens on]")
@json_option
@with_settings
def request(settings: Settings, file: Path, host: str | None, as_json: bool) -> None:
    """Make FILE: this household's request to be admitted, signed with its key, for the operator.

    It holds no secret. Needs the household's own chain node, running, and its key.
    """
    from chain import keys  # noqa: PLC0415 - only what each command needs
    from contracts import joining  # noqa: PLC0415
    from node.first_run.joining import asked as own_request  # noqa: PLC0415

    account = keys.load(settings.account.keystore, settings.account.password_file)
    asked = own_request(settings, account, host)
    joining.write(file, asked, account)
    facts = {"request": str(file), **_facts(asked.household)}
    told = [*_told(asked.household), f"{file}: hand it to the operator, who runs: commonwatt chain admit"]
    answer(as_json, facts, "\n".join(told))


@click.command()
@click.argument("file", type=file_path, metavar="REQUEST")
@with_key
@manifest_option
@click.option(
    "--gas-credit",
    default="1",
    show_default=True,
    metavar="ETHER",
    help="For its fees: its quota against spam.",
)
@json_option
@click.pass_context
def admit(
    context: click.Context,
    *,
    file: Path,
    rpc: str,
    keystore: Path,
    password_file: Path,
    manifest: Path,
    gas_credit: str,
    as_json: bool,
) -> None:
    """Enter the household of a REQUEST into the registry, as the authority, and give it its gas credit.

    REQUEST is its file, or a photo of the QR code that its pages show (JPEG, PNG, WebP).
    Also corrects an entry, and lifts a suspension. Repeating it does no harm. It gives no tokens: those are
    issued against money (commonwatt tokens issue). Exit code 1 when the request cannot be granted.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import joining  # noqa: PLC0415
    from contracts.bindings import Registry  # noqa: PLC0415
    from contracts.deploy import Admission  # noqa: PLC0415
    from contracts.deploy import admit as admitted  # noqa: PLC0415
    from contracts.manifest import load  # noqa: PLC0415
    from node.cli import photograph  # noqa: PLC0415

    asked = photograph.request(file)
    client, found = ChainClient(rpc), load(manifest)
    found.verify(client)
    if (asked.chain_id, asked.genesis) != (found.chain_id, found.genesis_hash):
        raise Misconfigured(f"{file} asks to join chain {asked.chain_id}, {manifest} is of {found.chain_id}")
    households = Registry(client, found.registry).households()
    refusal = joining.clash(asked.household, households)
    if refusal is not None:
        answer(as_json, {"admitted": False, "reason": refusal}, f"not admitted: {refusal}")
        context.exit(1)
    before = asked.household in households
    with followed(SENT) as progress:
        sender = authority(rpc, keystore, password_file, progress)
        admitted(
            sender,
            client,
            found,
            [Admission(household=asked.household, gas_credit=wei(gas_credit, "--gas-credit"))],
        )
    facts = {"admitted": True, "was": before, **_facts(asked.household)}
    answer(
        as_json, facts, "\n".join([*_told(asked.household), f"is admitted{', as it was' if before else ''}"])
    )


@click.command()
@click.argument("household", metavar="NAME|ACCOUNT")
@with_key
@manifest_option
@json_option
def suspend(
    *, household: str, rpc: str, keystore: Path, password_file: Path, manifest: Path, as_json: bool
) -> None:
    """Keep a household from new offers and orders, as the authority; what runs is supplied and settled.

    Admitting it again (`chain admit` with its request) lifts this.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts.bindings import Registry  # noqa: PLC0415
    from contracts.deploy import Transaction, send  # noqa: PLC0415
    from contracts.manifest import load  # noqa: PLC0415

    client, found = ChainClient(rpc), load(manifest)
    found.verify(client)
    households = Registry(client, found.registry).households()
    meant = next((h for h in households if household.lower() in (h.name, h.account.lower())), None)
    if meant is None:
        names = ", ".join(h.name for h in households) or "nobody"
        raise click.BadParameter(
            f"the registry lists no {household}; it lists {names}", param_hint="NAME|ACCOUNT"
        )
    if meant.admitted:
        with followed(SENT) as progress:
            sender = authority(rpc, keystore, password_file, progress)
            send(sender, [Transaction(found.registry, Registry.encode_suspend(meant.account))])
    text = f"{meant.name} is suspended{'' if meant.admitted else ', as it was'}"
    answer(as_json, {"suspended": True, "changed": meant.admitted, **_facts(meant)}, text)


def _facts(household: Household) -> dict[str, str]:
    return {
        "account": household.account,
        "name": household.name,
        "role": household.role.name.lower(),
        "enode": household.enode,
        "relay": household.relay,
    }


def _told(household: Household) -> list[str]:
    return [
        f"{household.name}, {household.role.name.lower()}, {household.account}",
        f"  chain node {household.enode or 'none'}",
        f"  relay {household.relay or 'none'}",
    ]
