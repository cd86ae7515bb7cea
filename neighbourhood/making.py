"""Makes what follows from an inventory, in the folder beside it; a second time, only what is missing.

FOLDER/inventory.yml                     written by the operator
FOLDER/vault.password                    opens everything encrypted: keep a copy elsewhere
FOLDER/accounts.json, genesis.json       public
FOLDER/authority/{key.json,key.password,ca.key}   encrypted; ca.crt public
FOLDER/<household>/site.yml              its configuration, made anew every time
FOLDER/<household>/notify.addresses      written by the operator, if he likes; encrypted where it is
FOLDER/<household>/{key.json,key.password,node.key,https.key}   encrypted, signers' sealer.* too; https.crt;
                                         no key.* of one whose first run makes them on its host
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from chain.files import replace_file
from contracts.bindings import Household
from neighbourhood import certificates, founding, keys, settings
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.ports import P2P
from neighbourhood.settings import Identity
from neighbourhood.vault import Vault
from node.config.reading import WrittenDumper

HEAD = "# Made by `commonwatt inventory keys` from the inventory: change that, and run it again.\n"

ENCRYPTED = b"$ANSIBLE_VAULT;"
"""How each encrypted file begins."""

Tell = Callable[[str], None]


@dataclass
class Accounts:
    """The public half of all keys: accounts.json."""

    authority: str = ""
    households: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name → account, node (its public key), sealer."""

    @classmethod
    def load(cls, folder: Path) -> Accounts:
        """As they were made before; empty before that."""
        file = folder / "accounts.json"
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def save(self, folder: Path) -> None:
        """Keep them."""
        text = json.dumps(vars(self), indent=1, sort_keys=True) + "\n"
        replace_file(folder / "accounts.json", text.encode(), mode=0o644)

    def learn(self, inventory: Inventory, registered: Iterable[Household]) -> bool:
        """Note the accounts of households that made their keys themselves, by what the registry says of them.

        Returns:
            Whether there was one that was not known.
        """
        new = {
            each.name: each.account
            for each in registered
            if each.admitted
            and each.name in inventory.households
            and inventory.households[each.name].first_run
            and "account" not in self.households.get(each.name, {})
        }
        for name, account in new.items():
            self.households.setdefault(name, {})["account"] = account
        return bool(new)

    def identities(self, inventory: Inventory) -> dict[str, Identity]:
        """Of the inventory's households, in its order."""
        return {
            name: Identity(
                account=self.households[name].get("account"),
                enode=f"enode://{self.households[name]['node']}@{plan.overlay}:{P2P}",
                sealer=self.households[name].get("sealer"),
            )
            for name, plan in inventory.households.items()
        }


def refuse_other_keys(inventory: Inventory, folder: Path, accounts: Accounts) -> None:
    """A household keeps the key that it has, wherever that was made: its tokens are that account's.

    Raises:
        NeighbourhoodRefused: the inventory says otherwise than it was.
    """
    for name, plan in inventory.households.items():
        here = (folder / name / "key.json").exists()
        if plan.first_run and here:
            raise NeighbourhoodRefused(
                f"{name} has a key beside the inventory: take its `first_run` away, or choose another name"
            )
        if not plan.first_run and not here and "account" in accounts.households.get(name, {}):
            raise NeighbourhoodRefused(
                f"{name}'s key was made on its own host: leave `first_run: true` as it was"
            )


def make(inventory: Inventory, folder: Path, vault: Vault, tell: Tell) -> None:
    """Make what is missing, and every household's configuration.

    Args:
        tell: called with one line for each thing that was made.

    Raises:
        KeyRefused, ToolMissing: keys or certificates cannot be made.
        NeighbourhoodRefused: see `refuse_other_keys`.
    """
    accounts = Accounts.load(folder)
    refuse_other_keys(inventory, folder, accounts)
    new_keys(inventory, folder, accounts, vault, tell)
    new_certificates(inventory, folder, vault, tell)
    identities = accounts.identities(inventory)
    sealers = [identities[name].sealer or "" for name in inventory.signers]
    if not (folder / "genesis.json").exists():
        owners = [identity.account for identity in identities.values() if identity.account]
        period = int(inventory.shared.period)
        founding.first_block(period, sealers, owners, accounts.authority).write(folder / "genesis.json")
        tell("the chain's first block: genesis.json")
    for name in inventory.households:
        told = encrypted(folder / name / settings.ADDRESSES, vault, tell)
        configuration = settings.household(inventory, name, identities, told=told)
        replace_file(folder / name / "site.yml", HEAD.encode() + as_yaml(configuration), mode=0o644)


def new_keys(inventory: Inventory, folder: Path, accounts: Accounts, vault: Vault, tell: Tell) -> None:
    """Make every key that is missing; none is in its place before it is encrypted."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
        draft, made = Path(scratch), dict(accounts.households)
        authority = accounts.authority
        if not authority:
            authority = keys.account(draft / "authority").address
            certificates.authority(draft / "authority" / "ca.key", draft / "authority" / "ca.crt")
            tell("the authority's key and its certificate: authority/")
        for name in inventory.households:
            mine = dict(made.get(name, {}))
            if "account" not in mine and not inventory.households[name].first_run:
                mine["account"] = keys.account(draft / name).address
                tell(f"{name}'s key: {name}/key.json")
            if "node" not in mine:
                (draft / name).mkdir(parents=True, exist_ok=True)
                enode = keys.enode(draft / name, "127.0.0.1", P2P)
                mine["node"] = enode.removeprefix("enode://").partition("@")[0]
                tell(f"{name}'s chain node's key: {name}/node.key")
            if name in inventory.signers and "sealer" not in mine:
                mine["sealer"] = keys.account(draft / name, keys.SEALER).address
                tell(f"{name}'s sealing key: {name}/sealer.json")
            made[name] = mine
        _place(draft, folder, vault)
        accounts.authority, accounts.households = authority, made
        accounts.save(folder)


def new_certificates(inventory: Inventory, folder: Path, vault: Vault, tell: Tell) -> None:
    """Make every certificate that is missing, ends soon, or is for other names."""
    wanted = {name: list(names_of_pages(inventory, name)) for name in inventory.households}
    due = [n for n, names in wanted.items() if not certificates.lasts(folder / n / "https.crt", names)]
    if not due:
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
        draft, signing = Path(scratch) / "made", Path(scratch) / "ca.key"
        signing.touch(0o600)
        signing.write_bytes(vault.view(folder / "authority" / "ca.key"))
        for name in due:
            (draft / name).mkdir(parents=True)
            certificates.household(
                draft / name / "https.key",
                draft / name / "https.crt",
                wanted[name],
                signing,
                folder / "authority" / "ca.crt",
            )
            tell(f"{name}'s certificate: {name}/https.crt")
        _place(draft, folder, vault)


def encrypted(file: Path, vault: Vault, tell: Tell) -> bool:
    """Encrypt a file that the operator has written, if there is one and it is not yet. Whether there is."""
    if not file.exists():
        return False
    if not file.read_bytes().startswith(ENCRYPTED):
        vault.encrypt([file])
        tell(f"{file.parent.name}/{file.name} is encrypted")
    return True


def names_of_pages(inventory: Inventory, name: str) -> Iterator[str]:
    """Under which a household's pages are opened."""
    host = inventory.neighbourhood.hosts[name].ansible_host
    yield f"{name}.local"
    if host != f"{name}.local":
        yield host
    yield from (str(each) for each in inventory.households[name].dapp.get("names") or ())


def _place(draft: Path, folder: Path, vault: Vault) -> None:
    files = [file for file in sorted(draft.rglob("*")) if file.is_file()]
    vault.encrypt([file for file in files if file.suffix != ".crt"])
    for file in files:
        target = folder / file.relative_to(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def as_yaml(data: dict[str, Any]) -> bytes:
    """A file of settings."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()


class _Dumper(WrittenDumper):
    """Nothing repeated by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
