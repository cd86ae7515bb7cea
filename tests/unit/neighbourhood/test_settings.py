"""What a household's host is told of the whole neighbourhood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.keys import checksum
from neighbourhood import settings
from neighbourhood.checks import load, made_up
from neighbourhood.inventory import Inventory

EXAMPLE = Path(__file__).parents[3] / "ansible" / "inventory.example.yml"


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load(EXAMPLE)


def made(inventory: Inventory, name: str, **accounts: None) -> dict[str, Any]:
    """A household's configuration.

    Args:
        accounts: who has none.
    """
    known = {n: made_up(i) for i, n in enumerate(inventory.households)}
    return settings.household(
        inventory, name, {n: replace(at, account=None) if n in accounts else at for n, at in known.items()}
    )


def test_a_buyer_knows_its_sellers_by_the_lines(inventory: Inventory) -> None:
    assert made(inventory, "birch")["sellers"] == {
        "alder": {"account": account(0), "relay": "10.77.0.1:15555", "contact": 1, "channel": 11},
        "cedar": {"account": account(2), "relay": "10.77.0.3:15555", "contact": 1, "channel": 12},
    }


def test_only_signers_have_a_sealer(inventory: Inventory) -> None:
    for name in inventory.households:
        chain = made(inventory, name)["chain"]
        assert ("seal" in chain["node"]) == (name in inventory.signers)


def test_chain_and_relay_listen_in_the_overlay_only_and_the_rest_on_loopback(inventory: Inventory) -> None:
    found = made(inventory, "alder")
    match found:
        case {"chain": {"node": node}, "relay": relay, "dapp": dapp}:
            assert node["listen"] == "10.77.0.1:30303"
            assert node["network"] == "10.77.0.0/24"
            assert node["http"] == "127.0.0.1:8545"
            assert relay["listen"] == "10.77.0.1:15555"
            assert dapp["listen"] == "127.0.0.1:8080"
        case _:
            pytest.fail(str(found))


def test_everybody_begins_with_the_signers_and_nobody_with_himself(inventory: Inventory) -> None:
    names = list(inventory.households)
    for name in names:
        signers = [made_up(names.index(each)).enode for each in inventory.signers if each != name]
        assert made(inventory, name)["chain"]["node"]["peers"] == signers


def test_who_joins_without_a_line_changes_nobody_elses_configuration(inventory: Inventory) -> None:
    group = inventory.neighbourhood
    fewer = Inventory(neighbourhood=group.model_copy(update={"hosts": dict(group.hosts)}))
    del fewer.neighbourhood.hosts["dogwood"]
    assert all(made(fewer, name) == made(inventory, name) for name in fewer.households)


def account(index: int) -> str:
    return checksum(index.to_bytes(20))


def test_readings_are_in_sqlite_unless_the_inventory_wants_a_server_on_the_host(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace(
        "# readings: {store: postgresql}", "readings: {store: postgresql, keep_days: 9}"
    )
    (tmp_path / "inventory.yml").write_text(text)
    written = load(tmp_path / "inventory.yml")
    assert made(written, "cedar")["readings"] == {
        "url": "postgresql:///commonwatt?host=/run/postgresql", "keep_days": 9,
    }  # fmt: skip
    assert "readings" not in made(written, "birch")


def test_sqlite_may_be_written_too(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("# readings: {store: postgresql}", "readings: {store: sqlite}")
    (tmp_path / "inventory.yml").write_text(text)
    assert "url" not in made(load(tmp_path / "inventory.yml"), "cedar")["readings"]


def test_whom_the_operator_names_beside_the_inventory_is_a_credential(inventory: Inventory) -> None:
    keys = {n: made_up(i) for i, n in enumerate(inventory.households)}
    asked = changed(inventory, "birch", notifications={"least": "critical"})
    assert settings.household(asked, "birch", keys)["notifications"] == {"least": "critical"}
    assert settings.household(asked, "birch", keys, told=True)["notifications"] == {
        "least": "critical",
        "addresses": "credential:notify.addresses",
    }
    assert "notifications" not in settings.household(inventory, "birch", keys)


def test_who_is_led_through_a_first_run_makes_its_key_in_the_traders_own_folder(inventory: Inventory) -> None:
    led = changed(inventory, "birch", first_run=True)
    before = made(led, "birch", birch=None)
    assert before["account"] == {
        "keystore": "/var/lib/commonwatt/trading/key.json",
        "password_file": "/var/lib/commonwatt/trading/key.password",
        "first_run": True,
    }
    assert made(led, "birch") == before, "nothing of it changes once its account is known"
    assert set(before["sellers"]) == {"alder", "cedar"}


def test_from_a_seller_without_an_account_yet_nothing_is_bought(inventory: Inventory) -> None:
    led = changed(inventory, "cedar", first_run=True)
    assert set(made(led, "birch", cedar=None)["sellers"]) == {"alder"}
    assert set(made(led, "birch")["sellers"]) == {"alder", "cedar"}


def changed(inventory: Inventory, name: str, **changes: object) -> Inventory:
    """The same with one household otherwise."""
    hosts = dict(inventory.neighbourhood.hosts)
    plan = hosts[name].household.model_copy(update=changes)
    hosts[name] = hosts[name].model_copy(update={"household": plan})
    return Inventory(neighbourhood=inventory.neighbourhood.model_copy(update={"hosts": hosts}))
