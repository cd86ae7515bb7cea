"""A neighbourhood from its inventory, on a real chain: founded; a household leaves, and is taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chain.client import ChainClient
from contracts.bindings import Registry, Token
from contracts.manifest import Manifest, load
from neighbourhood.errors import ToolMissing
from neighbourhood.vault import program
from quantities import Tokens
from tests.integration.chain_node import ETHER, one_signer_chain
from tests.integration.killing_proxy import commonwatt

EXAMPLE = Path(__file__).parents[3] / "ansible" / "inventory.example.yml"
GIVEN = 4 * Tokens.parse(20).value
"""What the example's four households begin with."""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """With keys, encrypted by Ansible's own program."""
    try:
        program()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    file = tmp_path / "street" / "inventory.yml"
    file.parent.mkdir()
    file.write_text(EXAMPLE.read_text())
    ran = commonwatt("inventory", "keys", "-i", file)
    assert ran.returncode == 0, ran.stderr
    return file


def done(*words: object) -> dict[str, Any]:
    ran = commonwatt("inventory", *words, "--json")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def admitted(client: ChainClient, there: Manifest) -> dict[str, bool]:
    return {each.name: each.admitted for each in Registry(client, there.registry).households()}


@pytest.mark.timeout(240)
def test_who_leaves_is_suspended_once_and_who_comes_back_gets_no_second_tokens(
    inventory: Path, tmp_path: Path
) -> None:
    folder = inventory.parent
    accounts = json.loads((folder / "accounts.json").read_text())
    rich = {accounts["authority"]: 100 * ETHER}
    rich |= {each["account"]: ETHER for each in accounts["households"].values()}
    (tmp_path / "chain").mkdir()
    with one_signer_chain(tmp_path / "chain", "127.0.1.43", rich) as chain:
        (folder / "genesis.json").write_bytes(chain.genesis_file.read_bytes())
        at = ("-i", inventory, "--rpc", chain.url)
        assert done("found", *at)["changed"]
        there = load(folder / "manifest.json")
        token = Token(chain.client, there.token)
        assert admitted(chain.client, there) == dict.fromkeys(["alder", "birch", "cedar", "dogwood"], True)
        assert token.supply().value == GIVEN

        assert done("suspend", "dogwood", *at)["changed"]
        assert admitted(chain.client, there)["dogwood"] is False
        assert not done("suspend", "dogwood", *at)["changed"]
        ran = commonwatt("inventory", "suspend", "elm", *at)
        assert ran.returncode != 0
        assert "knows no household 'elm'" in ran.stderr

        done("renew", "birch", "node", "-i", inventory)
        done("keys", "-i", inventory)
        assert not done("found", *at)["changed"]
        assert all(admitted(chain.client, there).values())
        entries = {each.name: each for each in Registry(chain.client, there.registry).households()}
        node = json.loads((folder / "accounts.json").read_text())["households"]["birch"]["node"]
        assert node != accounts["households"]["birch"]["node"]
        assert node in entries["birch"].enode
        assert token.supply().value == GIVEN
