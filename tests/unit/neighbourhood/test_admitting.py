"""A request to join is granted as the inventory means it, and otherwise refused with what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.bindings import Household
from contracts.bindings.registry import Role
from contracts.joining import JoinRequest
from contracts.manifest import Manifest
from neighbourhood.admitting import checked, entries
from neighbourhood.checks import load
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.making import Accounts
from tests.unit.neighbourhood.test_making import CHAIN, ELSEWHERE, EXAMPLE

NODE = "5e" * 64
GENESIS = "0x" + "ab" * 32
ENTRY = Household(ELSEWHERE, "dogwood", Role.CONSUMER, f"enode://{NODE}@10.77.0.4:30303", "")
ASKED = JoinRequest(ENTRY, 1_234, GENESIS)


@pytest.fixture(scope="module")
def led(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """The example; dogwood is set up from its pages."""
    file = tmp_path_factory.mktemp("street") / "inventory.yml"
    file.write_text(EXAMPLE.read_text().replace(CHAIN, f"{CHAIN}        first_run: true\n"))
    return load(file)


@pytest.fixture
def accounts(led: Inventory) -> Accounts:
    """As they are before it is admitted."""
    others = {name: {"account": f"0x{name}", "node": "00"} for name in led.households}
    return Accounts(households={**others, "dogwood": {"node": NODE}})


@pytest.fixture
def found() -> Manifest:
    """Of the chain that it asks to join."""
    zero = "0x" + "00" * 20
    fields = dict.fromkeys(Manifest.__dataclass_fields__, zero)
    return Manifest(**{**fields, "chain_id": 1_234, "genesis_hash": GENESIS})  # type: ignore[arg-type]


def test_what_the_inventory_means_is_granted_and_then_one_of_the_households(
    led: Inventory, accounts: Accounts, found: Manifest
) -> None:
    assert "dogwood" not in {each.name for each in entries(led, accounts)}
    assert checked(ASKED, led, accounts, found) == ENTRY
    accounts.learn(led, [ENTRY])
    assert ENTRY in entries(led, accounts), "site keeps what was granted"
    assert checked(ASKED, led, accounts, found) == ENTRY, "again does no harm"


@pytest.mark.parametrize(("entry", "chain", "says"), [
    ({"name": "elm"}, 1_234, "no household 'elm' with `first_run: true`"),
    ({"name": "birch"}, 1_234, "no household 'birch' with `first_run: true`"),
    ({}, 1_235, "asks to join chain 1235, this is 1234"),
    ({"role": Role.PRODUCER}, 1_234, "asks for role"),
    ({"enode": f"enode://{'5f' * 64}@10.77.0.4:30303"}, 1_234, "asks for enode"),
    ({"relay": "10.77.0.4:15555"}, 1_234, "asks for relay"),
])  # fmt: skip
def test_what_it_does_not_mean_is_refused(
    led: Inventory, accounts: Accounts, found: Manifest, entry: dict[str, object], chain: int, says: str
) -> None:
    asked = JoinRequest(replace(ENTRY, **entry), chain, GENESIS)  # type: ignore[arg-type]
    with pytest.raises(NeighbourhoodRefused, match=says):
        checked(asked, led, accounts, found)


def test_who_is_admitted_gets_no_second_account(led: Inventory, accounts: Accounts, found: Manifest) -> None:
    accounts.learn(led, [ENTRY])
    with pytest.raises(NeighbourhoodRefused, match="another account is admitted by another name"):
        checked(replace(ASKED, household=replace(ENTRY, account="0x" + "33" * 20)), led, accounts, found)
