from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chain.errors import SettingRefused
from chain.genesis import Genesis, load
from tests.unit.chain.sealed import SIGNERS

PLAIN: dict[str, Any] = {"chain_id": 7, "period": 5, "signers": tuple(s.address for s in SIGNERS[:3])}


def test_chain_id_and_signers_in_order_are_the_extra_data() -> None:
    extra = bytes.fromhex(Genesis(**PLAIN).as_geth()["extraData"][2:])
    addresses = sorted(bytes.fromhex(s.address[2:]) for s in SIGNERS[:3])
    assert extra == (7).to_bytes(32) + b"".join(addresses) + bytes(65)


def test_a_genesis_comes_back_from_its_file(tmp_path: Path) -> None:
    genesis = Genesis(**PLAIN | {"signers": (SIGNERS[0].address,), "alloc": {SIGNERS[3].address: 10**18}})
    genesis.write(tmp_path / "genesis.json")
    assert load(tmp_path / "genesis.json") == genesis


def test_the_order_of_the_signers_does_not_make_another_chain(tmp_path: Path) -> None:
    Genesis(**PLAIN).write(tmp_path / "one.json")
    Genesis(**PLAIN | {"signers": PLAIN["signers"][::-1]}).write(tmp_path / "other.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_no_fork_after_london_is_named() -> None:
    assert not {"shanghaiTime", "cancunTime", "terminalTotalDifficulty"} & set(
        Genesis(**PLAIN).as_geth()["config"]
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"signers": ()}, "at least one signer"),
        ({"signers": (SIGNERS[0].address, SIGNERS[0].address.lower())}, "twice"),
        ({"chain_id": 0}, "chain id"),
        ({"period": 0}, "second apart"),
    ],
)
def test_what_no_chain_can_have_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingRefused, match=says):
        Genesis(**PLAIN | wrong)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"config": {"chainId": 1}, "extraData": "0x00"}'])
def test_a_file_that_is_no_genesis_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "genesis.json").write_text(content)
    with pytest.raises(SettingRefused, match="not the genesis of a Clique chain"):
        load(tmp_path / "genesis.json")


def test_a_missing_genesis_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="cannot be read"):
        load(tmp_path / "genesis.json")
