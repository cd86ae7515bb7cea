"""A manifest that changes under a running process is taken over once verified, and never half."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chain.keys import checksum
from contracts.errors import ManifestMissing, WrongContract
from contracts.manifest import Manifest, code_hash
from contracts.watched import RETRY, WatchedManifest
from tests.unit.contracts.chain_of_fakes import GENESIS, FakeChain

TOKEN, REGISTRY, OLD, NEW = (checksum(bytes([n]) * 20) for n in (2, 3, 1, 9))


def there(chain: FakeChain, market: str) -> None:
    """A market with its code and its wiring."""
    chain.codes[market] = market.encode()
    chain.answer(market, "token()", [], ["address"], [TOKEN])
    chain.answer(market, "registry()", [], ["address"], [REGISTRY])


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Rig:
    path: Path
    chain: FakeChain
    clock: Clock
    manifest: Manifest
    watched: WatchedManifest

    def write(self, manifest: Manifest) -> None:
        manifest.save(self.path)
        self.clock.now += RETRY


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    chain = FakeChain(codes={at: at.encode() for at in (TOKEN, REGISTRY)})
    there(chain, OLD)
    hashes = {at: code_hash(at.encode()) for at in (TOKEN, REGISTRY, OLD)}
    manifest = Manifest(
        chain_id=4711, genesis_hash=GENESIS, block=3, token=TOKEN, registry=REGISTRY, current=OLD,
        code_hashes=hashes,
    )  # fmt: skip
    path, clock = tmp_path / "manifest.json", Clock()
    return Rig(path, chain, clock, manifest, WatchedManifest(path, chain, clock))


def test_a_file_that_is_not_there_yet_is_waited_for(rig: Rig) -> None:
    with pytest.raises(ManifestMissing):
        rig.watched.newest()
    rig.write(rig.manifest)
    assert rig.watched.newest() == rig.manifest


def test_a_new_market_is_taken_over(rig: Rig) -> None:
    rig.write(rig.manifest)
    assert rig.watched.newest().current == OLD
    there(rig.chain, NEW)
    rig.write(rig.manifest.replacing(NEW, 50, code_hash(NEW.encode())))
    assert rig.watched.newest().live == (NEW, OLD)
    assert not rig.watched.refusal


def test_an_unchanged_file_costs_no_call(rig: Rig) -> None:
    rig.write(rig.manifest)
    first, asked = rig.watched.newest(), len(rig.chain.asked)
    assert rig.watched.newest() is first
    assert len(rig.chain.asked) == asked


def test_a_market_that_is_not_on_the_chain_is_not_used_until_it_is(rig: Rig) -> None:
    rig.write(rig.manifest)
    rig.watched.newest()
    rig.write(rig.manifest.replacing(NEW, 500, code_hash(NEW.encode())))
    assert rig.watched.newest().current == OLD
    assert "has not reached block 500" in rig.watched.refusal

    there(rig.chain, NEW)
    assert rig.watched.newest().current == OLD  # it is not asked again at every look
    rig.clock.now += RETRY
    assert rig.watched.newest().current == NEW
    assert not rig.watched.refusal


@pytest.mark.parametrize("content", ["", "{", "{}"])
def test_a_broken_file_changes_nothing(rig: Rig, content: str) -> None:
    rig.write(rig.manifest)
    rig.watched.newest()
    rig.path.write_text(content)
    assert rig.watched.newest() == rig.manifest
    assert str(rig.path) in rig.watched.refusal
    rig.path.unlink()
    rig.clock.now += RETRY
    assert rig.watched.newest() == rig.manifest


def test_another_neighbourhood_needs_a_restart(rig: Rig) -> None:
    rig.write(rig.manifest)
    rig.watched.newest()
    rig.chain.id = 1
    rig.write(replace(rig.manifest, chain_id=1))
    assert rig.watched.newest().chain_id == 4711
    assert "restart" in rig.watched.refusal


def test_a_first_manifest_that_is_wrong_is_refused(rig: Rig) -> None:
    rig.write(replace(rig.manifest, chain_id=1))
    with pytest.raises(WrongContract):
        rig.watched.newest()
