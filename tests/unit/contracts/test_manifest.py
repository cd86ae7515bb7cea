"""A manifest is read strictly, and refuses another chain, other code, and a market of another token."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.errors import Misconfigured, Unavailable
from chain.keys import checksum
from contracts.errors import ChainBehind, ManifestMissing, ManifestUnreadable, WrongContract
from contracts.manifest import Manifest, code_hash, load
from tests.unit.contracts.chain_of_fakes import GENESIS, FakeChain

TOKEN, REGISTRY, MARKET, OLD = (checksum(bytes([n]) * 20) for n in (2, 3, 1, 9))


@pytest.fixture
def manifest() -> Manifest:
    hashes = {at: code_hash(at.encode()) for at in (TOKEN, REGISTRY, MARKET, OLD)}
    return Manifest(
        chain_id=4711,
        genesis_hash=GENESIS,
        block=3,
        token=TOKEN,
        registry=REGISTRY,
        current=MARKET,
        draining=(OLD,),
        code_hashes=hashes,
    )


@pytest.fixture
def chain() -> FakeChain:
    chain = FakeChain(codes={at: at.encode() for at in (TOKEN, REGISTRY, MARKET, OLD)})
    for market in (MARKET, OLD):
        chain.answer(market, "token()", [], ["address"], [TOKEN])
        chain.answer(market, "registry()", [], ["address"], [REGISTRY])
    return chain


def test_the_right_contracts_are_accepted(manifest: Manifest, chain: FakeChain) -> None:
    manifest.verify(chain)


def test_it_is_read_as_it_was_written(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    manifest.save(path)
    assert load(path) == manifest
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


def test_a_replaced_market_drains_and_is_dropped_into_history(manifest: Manifest, tmp_path: Path) -> None:
    newest = checksum(bytes([7]) * 20)
    replaced = manifest.replacing(newest, 50, code_hash(b"new"))
    assert (replaced.current, replaced.draining, replaced.block) == (newest, (MARKET, OLD), 50)
    assert replaced.live == (newest, MARKET, OLD)
    assert [replaced.deployed(at) for at in (newest, MARKET, OLD, TOKEN)] == [50, 3, 3, 3]
    assert replaced.founded == 3

    dropped = replaced.dropping([OLD])
    assert (dropped.draining, dropped.drained) == ((MARKET,), (OLD,))
    assert dropped.markets() == (newest, MARKET, OLD)
    assert dropped.contract_at(OLD) == "EnergyMarket"
    assert dropped.dropping([MARKET]).drained == (MARKET, OLD)
    assert dropped.same_neighbourhood(manifest)

    path = tmp_path / "manifest.json"
    dropped.save(path)
    assert load(path) == dropped


def test_another_chain_is_refused(manifest: Manifest, chain: FakeChain) -> None:
    chain.id = 1
    with pytest.raises(WrongContract, match="follows chain 1, the manifest is of 4711"):
        manifest.verify(chain)


def test_another_genesis_is_refused(manifest: Manifest, chain: FakeChain) -> None:
    chain.genesis = "0x" + "00" * 32
    with pytest.raises(WrongContract, match="begins with 0x0000"):
        manifest.verify(chain)


@pytest.mark.parametrize("address", [TOKEN, REGISTRY, MARKET, OLD])
def test_other_code_is_refused(manifest: Manifest, chain: FakeChain, address: str) -> None:
    chain.codes[address] = b"a fake"
    with pytest.raises(WrongContract, match=f"code at {address} is not that"):
        manifest.verify(chain)


def test_an_address_without_code_is_refused(manifest: Manifest, chain: FakeChain) -> None:
    del chain.codes[TOKEN]
    with pytest.raises(WrongContract, match=f"no code at {TOKEN}") as refusal:
        manifest.verify(chain)
    assert isinstance(refusal.value, Misconfigured)


def test_a_node_before_the_deployment_is_told_to_wait(manifest: Manifest, chain: FakeChain) -> None:
    chain.codes.clear()
    chain.height = 2
    with pytest.raises(ChainBehind, match="has not reached block 3 yet") as refusal:
        manifest.verify(chain)
    assert isinstance(refusal.value, Unavailable)


def test_a_market_of_another_token_is_refused(manifest: Manifest, chain: FakeChain) -> None:
    chain.answer(MARKET, "token()", [], ["address"], [OLD])
    with pytest.raises(WrongContract, match="another token"):
        manifest.verify(chain)


def test_every_message_says_what_to_do(manifest: Manifest, chain: FakeChain) -> None:
    chain.codes[MARKET] = b"a fake"
    with pytest.raises(WrongContract, match="from your neighbourhood's operator"):
        manifest.verify(chain)


def changed(manifest: Manifest, **keys: Any) -> str:
    content = json.loads(manifest.dumps())
    for key, value in keys.items():
        if value is None:
            del content[key]
        else:
            content[key] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"token": None}, "lacks 'token'"),
        ({"chain_id": None}, "lacks 'chain_id'"),
        ({"chain_id": "4711"}, "wrong value"),
        ({"chain_id": True}, "wrong value"),
        ({"block": -1}, "wrong value"),
        ({"genesis_hash": "0x12"}, "wrong value"),
        ({"token": {"address": "0x12", "code_hash": GENESIS}}, "wrong value"),
        ({"current": {"address": MARKET}}, "lacks 'code_hash'"),
        ({"registry": "0x12"}, "wrong value"),
    ],
)
def test_a_manifest_with_a_mistake_is_refused(manifest: Manifest, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ManifestUnreadable, match=message):
        Manifest.loads(changed(manifest, **keys))


def test_a_manifest_that_is_no_object_is_refused() -> None:
    for text in ("", "{", "[]", '"manifest"', "null"):
        with pytest.raises(ManifestUnreadable):
            Manifest.loads(text)


def test_a_missing_file_is_named_and_may_still_come(tmp_path: Path) -> None:
    with pytest.raises(ManifestMissing, match=r"nowhere\.json is not there yet") as missing:
        load(tmp_path / "nowhere.json")
    assert isinstance(missing.value, Unavailable)


def test_what_is_no_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnreadable, match=r"cannot be read \(Is a directory\)"):
        load(tmp_path)


def test_a_contract_is_found_by_its_address(manifest: Manifest) -> None:
    assert manifest.contract_at(TOKEN.lower()) == "EnergyToken"
    assert manifest.contract_at(OLD) == "EnergyMarket"
    assert replace(manifest, draining=()).contract_at(OLD) is None
