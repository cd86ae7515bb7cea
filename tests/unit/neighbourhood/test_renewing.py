"""Which keys may be made anew, and that the old ones are put aside and forgotten, not deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neighbourhood.checks import load
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.making import Accounts, new_keys
from neighbourhood.renewing import FILES, Kind, put_aside, refusal
from neighbourhood.vault import Vault

EXAMPLE = Path(__file__).parents[3] / "ansible" / "inventory.example.yml"
NOW = 1_700_000_000.0


class Open(Vault):
    """Leaves files as they are: what encrypts them is another program."""

    def encrypt(self, files: object) -> None:
        pass


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load(EXAMPLE)


@pytest.fixture
def folder(tmp_path: Path, inventory: Inventory) -> Path:
    """With everybody's keys."""
    new_keys(inventory, tmp_path, Accounts(), Open(tmp_path / "vault.password"), lambda _: None)
    return tmp_path


@pytest.mark.parametrize(("name", "kind", "says"), [
    ("birch", Kind.SEALER, "birch seals"),
    ("brich", Kind.NODE, "there is no household 'brich' in the inventory; it has alder, birch"),
    ("birch", Kind.NODE, ""),
    ("birch", Kind.PAGES, ""),
    ("dogwood", Kind.SEALER, ""),
])  # fmt: skip
def test_what_may_be_made_anew(inventory: Inventory, name: str, kind: Kind, says: str) -> None:
    found = refusal(inventory, name, kind)
    assert says in found
    assert bool(found) is bool(says)


def test_the_accounts_key_is_none_that_can_be_renewed() -> None:
    assert not {"key.json", "key.password"} & {file for files in FILES.values() for file in files}


def test_another_node_key_is_made_and_nothing_else(inventory: Inventory, folder: Path) -> None:
    before = json.loads((folder / "accounts.json").read_text())["households"]
    old = (folder / "birch" / "node.key").read_bytes()
    [aside] = put_aside(inventory, folder, "birch", Kind.NODE, NOW)
    assert aside == folder / "birch" / "former-20231114T221320" / "node.key"
    assert aside.read_bytes() == old
    new_keys(inventory, folder, Accounts.load(folder), Open(folder / "vault.password"), lambda _: None)
    after = json.loads((folder / "accounts.json").read_text())["households"]
    assert after["birch"]["node"] != before["birch"]["node"]
    assert after == {**before, "birch": {**before["birch"], "node": after["birch"]["node"]}}
    assert (folder / "birch" / "node.key").read_bytes() != old


def test_a_renewal_that_was_ended_is_repeated(inventory: Inventory, folder: Path) -> None:
    put_aside(inventory, folder, "birch", Kind.NODE, NOW)
    assert put_aside(inventory, folder, "birch", Kind.NODE, NOW + 1) == []
    new_keys(inventory, folder, Accounts.load(folder), Open(folder / "vault.password"), lambda _: None)
    assert (folder / "birch" / "node.key").exists()


def test_what_is_refused_changes_nothing(inventory: Inventory, folder: Path) -> None:
    before = (folder / "accounts.json").read_bytes()
    with pytest.raises(NeighbourhoodRefused, match="birch seals"):
        put_aside(inventory, folder, "birch", Kind.SEALER, NOW)
    assert (folder / "accounts.json").read_bytes() == before
    assert (folder / "birch" / "sealer.json").exists()
