"""`commonwatt inventory`: from a neighbourhood's inventory to everything that its rollout needs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chain import keys
from chain.errors import ChainError
from neighbourhood.checks import load
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.renewing import Kind, put_aside
from neighbourhood.vault import CHECKOUT, Vault
from node.cli.listing import Listing
from node.cli.options import answer, file_path, json_option
from node.cli.progress import followed
from node.config import ConfigError

if TYPE_CHECKING:
    from chain.client import ChainClient

EXAMPLE = CHECKOUT / "ansible" / "inventory.example.yml"

inventory_option = click.option(
    "--inventory",
    "-i",
    "file",
    type=file_path,
    required=True,
    envvar="COMMONWATT_INVENTORY",
    metavar="FILE",
    help="The inventory; what is made of it stands beside it.",
)
vault_option = click.option(
    "--vault-password-file",
    "password",
    type=file_path,
    metavar="FILE",
    help="Opens what is encrypted; made if it is not there. [default: vault.password beside the inventory]",
)


@click.group(cls=Listing)
def inventory() -> None:
    """The neighbourhood's inventory: begin one, check it, make its keys (anew), found it, admit."""


@inventory.command()
@click.argument("folder", type=file_path)
@json_option
def new(folder: Path, as_json: bool) -> None:
    """Write a commented inventory to begin with, as FOLDER/inventory.yml."""
    target = folder / "inventory.yml"
    if target.exists():
        raise NeighbourhoodRefused(f"{target} exists: an inventory is not overwritten")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(EXAMPLE.read_text())
    told = f"{target}\nWrite your households into it, then: commonwatt inventory check -i {target}"
    answer(as_json, {"inventory": str(target)}, told)


@inventory.command()
@inventory_option
@json_option
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    """Find every mistake before a host is touched. Exit code 78 when there is one."""
    try:
        found = load(file)
    except ConfigError as error:
        if not as_json:
            raise
        problems = [
            {"file": str(p.place.file), "line": p.place.line, "key": p.key, "what": p.what}
            for p in error.problems
        ]
        answer(True, {"ok": False, "problems": problems}, "")
        context.exit(error.exit_code)
    facts = {"ok": True, "problems": [], "households": list(found.households), "signers": found.signers}
    answer(as_json, facts, f"{file} can be used: {described(found)}")


@inventory.command("keys")
@inventory_option
@vault_option
@json_option
def make_keys(file: Path, password: Path | None, as_json: bool) -> None:
    """Make what is missing: keys and certificates, encrypted, the first block, each household's settings.

    Nothing that is there is overwritten but the settings, which follow the inventory.
    """
    from neighbourhood.making import Accounts, make  # noqa: PLC0415 - only what each command needs

    found, folder = load(file), file.absolute().parent
    vault = Vault(password or folder / "vault.password")
    made: list[str] = []

    def tell(what: str) -> None:
        made.append(what)
        if not as_json:
            click.echo(what)

    if vault.begin():
        tell(f"{vault.password}: whoever has it and this folder has every key; keep a copy of both, apart")
    make(found, folder, vault, tell)
    accounts = Accounts.load(folder)
    facts = {"made": made, "authority": accounts.authority, "households": accounts.households}
    answer(as_json, facts, f"{folder} has what the rollout needs of {described(found)}")


@inventory.command("found")
@inventory_option
@vault_option
@click.option("--rpc", required=True, help="A node of the chain, as http://127.0.0.1:8545.")
@json_option
def found_it(file: Path, password: Path | None, rpc: str, as_json: bool) -> None:
    """Deploy the contracts, admit the households and give them their tokens, and write manifest.json.

    What has been done is not done again: repeat it after a household was added, or after it was ended.
    """
    from chain import genesis  # noqa: PLC0415 - only what each command needs
    from contracts import manifest as manifests  # noqa: PLC0415
    from contracts.authority import Authority  # noqa: PLC0415
    from contracts.bindings import Registry  # noqa: PLC0415
    from neighbourhood import founding  # noqa: PLC0415
    from neighbourhood.admitting import entries  # noqa: PLC0415
    from neighbourhood.making import Accounts  # noqa: PLC0415

    read, folder = load(file), file.absolute().parent
    vault, client = Vault(password or folder / "vault.password"), follows(rpc, folder)
    accounts = Accounts.load(folder)
    account = authority(folder, vault)
    shared, target = read.shared, folder / "manifest.json"
    former = manifests.load(target) if target.exists() else None
    if former is not None and accounts.learn(read, Registry(client, former.registry).households()):
        accounts.save(folder)
    households = entries(read, accounts)
    terms = founding.terms(int(shared.period), shared.mint_cap, shared.supply, shared.challenge)
    joining = founding.admissions(households, shared.tokens, genesis.load(folder / "genesis.json").alloc)
    with followed("transactions in the chain") as progress:
        sender = Authority(account, client, progress=progress)
        made = founding.found(sender, client, terms, joining, former)
    changed = former is None
    if changed:
        made.save(target)
    facts = {"manifest": str(target), "changed": changed, "contracts": dict(made.contracts())}
    answer(as_json, facts, f"{len(households)} households are admitted; {target}")


@inventory.command()
@click.argument("request", type=file_path)
@inventory_option
@vault_option
@click.option("--rpc", required=True, help="A node of the chain, as http://127.0.0.1:8545.")
@json_option
def admit(request: Path, file: Path, password: Path | None, rpc: str, as_json: bool) -> None:
    """Let a household in that is set up from its pages (`first_run: true`), and give it its tokens.

    REQUEST is what its first run hands over: the file, or a photo of the code. It has to say what the
    inventory says, and to come from the chain node that the playbooks have brought up. Repeating it does no
    harm.
    """
    from chain import genesis  # noqa: PLC0415 - only what each command needs
    from contracts import joining  # noqa: PLC0415
    from contracts import manifest as manifests  # noqa: PLC0415
    from contracts.authority import Authority  # noqa: PLC0415
    from contracts.bindings import Registry  # noqa: PLC0415
    from contracts.deploy import admit as admitted  # noqa: PLC0415
    from neighbourhood.admitting import checked  # noqa: PLC0415
    from neighbourhood.founding import admissions  # noqa: PLC0415
    from neighbourhood.making import Accounts  # noqa: PLC0415
    from node.cli import photograph  # noqa: PLC0415

    read, folder = load(file), file.absolute().parent
    client, accounts = follows(rpc, folder), Accounts.load(folder)
    first = genesis.load(folder / "genesis.json")
    found = manifests.load(folder / "manifest.json")
    found.verify(client)
    asked = checked(photograph.request(request), read, accounts, found)
    households = Registry(client, found.registry).households()
    if refusal := joining.clash(asked, households):
        raise NeighbourhoodRefused(f"not admitted: {refusal}")
    account = authority(folder, Vault(password or folder / "vault.password"))
    admitted(Authority(account, client), client, found, admissions([asked], read.shared.tokens, first.alloc))
    if accounts.learn(read, [asked]):
        accounts.save(folder)
    facts = {"household": asked.name, "account": asked.account, "changed": asked not in households}
    answer(as_json, facts, f"{asked.name} is admitted: {asked.account}")


@inventory.command()
@click.argument("household", metavar="NAME")
@click.argument("kind", type=click.Choice([each.value for each in Kind]))
@inventory_option
@json_option
def renew(household: str, kind: str, file: Path, as_json: bool) -> None:
    """Put a household's key aside, so that `inventory keys` (and every playbook) makes another.

    The playbooks bring it to the host; ansible/play rotate-keys does all of it. Nothing is deleted.
    """
    found, folder = load(file), file.absolute().parent
    moved = put_aside(found, folder, household, Kind(kind), time.time())
    text = "\n".join(f"put aside: {path}" for path in moved) or f"{household} has no {kind} key yet"
    answer(as_json, {"household": household, "kind": kind, "aside": [str(path) for path in moved]}, text)


@inventory.command()
@click.argument("household", metavar="NAME")
@inventory_option
@vault_option
@click.option("--rpc", required=True, help="A node of the chain, as http://127.0.0.1:8545.")
@json_option
def suspend(household: str, file: Path, password: Path | None, rpc: str, as_json: bool) -> None:
    """Keep a household from new offers and orders, by the authority's key; what runs is settled.

    For one that leaves: ansible/play remove-household. As long as the inventory has it, `found` admits it
    again.
    """
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import manifest as manifests  # noqa: PLC0415
    from contracts.authority import Authority  # noqa: PLC0415
    from contracts.bindings import Registry  # noqa: PLC0415
    from contracts.deploy import Transaction, send  # noqa: PLC0415
    from neighbourhood.making import Accounts  # noqa: PLC0415

    folder, client = file.absolute().parent, ChainClient(rpc)
    named = Accounts.load(folder).households.get(household)
    if named is not None and "account" not in named:
        facts = {"household": household, "changed": False}
        answer(as_json, facts, f"{household} was never admitted: there is nothing to suspend")
        return
    if named is None:
        raise NeighbourhoodRefused(f"{folder}/accounts.json knows no household {household!r}")
    found = manifests.load(folder / "manifest.json")
    found.verify(client)
    entry = Registry(client, found.registry).household(named["account"])
    changed = entry is not None and entry.admitted
    if changed:
        account = authority(folder, Vault(password or folder / "vault.password"))
        send(
            Authority(account, client),
            [Transaction(found.registry, Registry.encode_suspend(named["account"]))],
        )
    answer(as_json, {"household": household, "changed": changed}, f"{household} is suspended")


def follows(rpc: str, folder: Path) -> ChainClient:
    """A node of the inventory's own chain.

    Raises:
        ChainError: it does not answer, or follows another one.
    """
    from chain import genesis  # noqa: PLC0415 - only what each command needs
    from chain.client import ChainClient  # noqa: PLC0415

    client = ChainClient(rpc)
    if client.chain_id() != genesis.load(folder / "genesis.json").chain_id:
        raise ChainError(f"the node at {rpc} follows another chain than {folder / 'genesis.json'}")
    return client


def authority(folder: Path, vault: Vault) -> keys.Account:
    """The neighbourhood's authority, from its encrypted key beside the inventory.

    Raises:
        NeighbourhoodRefused: its password does not open it. ToolMissing: it cannot be decrypted.
    """
    secret = vault.view(folder / "authority" / "key.password").decode().strip()
    account = keys.decrypt(json.loads(vault.view(folder / "authority" / "key.json")), secret)
    if account is None:
        raise NeighbourhoodRefused(f"{folder}/authority: key.password does not open key.json")
    return account


def described(found: Inventory) -> str:
    """An inventory in a few words."""
    signers = ", ".join(found.signers)
    return f"{len(found.households)} households (signers: {signers}), {len(found.lines)} lines"
