"""What the operator has written beside the inventory; who has a key, and where it was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.bindings import Household
from contracts.bindings.registry import Role
from neighbourhood.checks import load
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.making import Accounts, as_yaml, encrypted, refuse_other_keys
from neighbourhood.vault import Vault

EXAMPLE = Path(__file__).parents[3] / "ansible" / "inventory.example.yml"
CHAIN = "        chain: follower\n"
ELSEWHERE = "0x" + "22" * 20


class Encrypts(Vault):
    """A vault without Ansible."""

    def encrypt(self, files: Sequence[Path]) -> None:
        for file in files:
            file.write_bytes(b"$ANSIBLE_VAULT;1.1;AES256\n" + file.read_bytes().hex().encode())


def test_addresses_are_encrypted_once_where_they_are(tmp_path: Path) -> None:
    vault, told = Encrypts(tmp_path / "vault.password"), list[str]()
    file = tmp_path / "birch" / "notify.addresses"
    assert not encrypted(file, vault, told.append)
    file.parent.mkdir()
    file.write_text("ntfy://ntfy.sh/our-house\n")
    assert encrypted(file, vault, told.append)
    once = file.read_bytes()
    assert b"our-house" not in once
    assert encrypted(file, vault, told.append)
    assert file.read_bytes() == once
    assert told == ["birch/notify.addresses is encrypted"]


@pytest.fixture
def led(tmp_path: Path) -> Inventory:
    """The example; dogwood is set up from its pages."""
    text = EXAMPLE.read_text()
    assert text.count(CHAIN) == 1
    (tmp_path / "inventory.yml").write_text(text.replace(CHAIN, f"{CHAIN}        first_run: true\n"))
    return load(tmp_path / "inventory.yml")


def registered(name: str, *, admitted: bool = True) -> Household:
    return Household(ELSEWHERE, name, Role.CONSUMER, "", "", admitted)


def test_an_account_that_was_made_elsewhere_is_learnt_once_and_of_nobody_else(led: Inventory) -> None:
    accounts = Accounts(households={"dogwood": {"node": "5e"}, "alder": {"account": "0x1", "node": "5f"}})
    assert not accounts.learn(led, [registered("alder"), registered("elm")])
    assert not accounts.learn(led, [registered("dogwood", admitted=False)])
    assert accounts.learn(led, [registered("dogwood")])
    assert accounts.households["dogwood"] == {"node": "5e", "account": ELSEWHERE}
    assert not accounts.learn(led, [registered("dogwood")])
    assert accounts.households["alder"]["account"] == "0x1"


def test_a_household_keeps_the_key_that_it_has_wherever_it_was_made(led: Inventory, tmp_path: Path) -> None:
    plain = load(EXAMPLE)
    refuse_other_keys(led, tmp_path, Accounts())
    made_there = Accounts(households={"dogwood": {"account": ELSEWHERE, "node": "5e"}})
    refuse_other_keys(led, tmp_path, made_there)
    with pytest.raises(NeighbourhoodRefused, match="dogwood's key was made on its own host"):
        refuse_other_keys(plain, tmp_path, made_there)
    (tmp_path / "dogwood").mkdir()
    (tmp_path / "dogwood" / "key.json").touch()
    refuse_other_keys(plain, tmp_path, made_there)
    with pytest.raises(NeighbourhoodRefused, match="dogwood has a key beside the inventory"):
        refuse_other_keys(led, tmp_path, made_there)


def test_the_address_of_a_chip_stays_in_hexadecimal() -> None:
    text = as_yaml(load(EXAMPLE).households["alder"].sensors).decode()
    assert "address: 0x40" in text
