"""A signer's key runs on two hosts that do not see each other: both chains go on, and the neighbours tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain import child
from chain.client import ChainClient
from chain.clique import Clique
from chain.keys import create_node_key
from chain.settings import ChainSettings, SealSettings
from contracts.bindings import Household, Registry, Role
from node.agreement.asking import NO_RELAY, Neighbours
from node.agreement.judging import LASTS, Verdict
from tests.integration.chain_node import running_sealer, sealing_node, short_directory, wait_for
from tests.integration.relay_server.relay_on_chain import Place, place
from tests.waiting import eventually

HOST = "127.0.3.2"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A seller whose relay is in the registry, and a buyer who has none."""
    with place(tmp_path_factory.mktemp("place")) as running:
        enter(running)
        yield running


def enter(street: Place) -> None:
    """Write the seller's relay into the registry, in a transaction of its own."""
    seller = Household(
        account=street.seller.address, name="alder", role=Role.PRODUCER, enode="", relay=street.listen
    )
    street.send(street.chain.account, street.manifest.registry, Registry.encode_admit(seller))


@contextmanager
def parted(street: Place, folder: Path) -> Iterator[ChainClient]:
    """Another node with the chain as it is now and the same signer's key, that goes on by itself."""
    own = street.chain
    own.power.off()
    shutil.copytree(
        street.folder / "chain" / "chain",
        folder / "chain",
        ignore=shutil.ignore_patterns("LOCK", "*.ipc", "nodekey"),
    )
    own.power.on()
    create_node_key(folder / "node.key")
    with short_directory() as sockets:
        seal = SealSettings(
            keystore=street.folder / "chain" / "sealer.json",
            password_file=street.folder / "chain" / "sealer.password",
            socket=sockets / "seal",
        )
        settings = sealing_node(folder, HOST, sockets, seal)
        engine = Clique(ChainSettings(genesis=own.genesis_file, node=settings).plan())
        client = ChainClient(f"http://{settings.http}")
        with running_sealer(seal, folder / "sealer.log"):
            process = child.start(engine.command(own.signer.address), engine.environment())
            try:
                wait_for(lambda: client.block_number() >= 1, "the other chain")
                yield client
            finally:
                client.close()
                child.end(process, 3.0)


def test_neighbours_on_the_same_chain_agree(street: Place) -> None:
    neighbours = Neighbours(street.chain.client, street.folder / "manifest.json", "cedar")
    alder, birch = neighbours.settled()
    assert (alder.told.name, birch.told.name) == ("alder", "birch")
    assert alder.verdict is Verdict.SAME
    assert alder.told.number > 0
    assert (birch.verdict, birch.told.why) == (Verdict.UNTOLD, NO_RELAY)


def test_nobody_asks_himself(street: Place) -> None:
    neighbours = Neighbours(street.chain.client, street.folder / "manifest.json", "alder")
    assert [each.told.name for each in neighbours.look()] == ["birch"]


def test_a_signers_key_on_two_hosts_is_told_while_both_chains_go_on(street: Place, tmp_path: Path) -> None:
    with parted(street, tmp_path) as other:
        enter(street)  # the same signer makes the same blocks of nothing: what parts them is a transaction
        fork = street.chain.client.block_number()
        eventually(lambda: other.block_number() > fork, "two chains")
        times = iter((0.0, LASTS - 1, LASTS))
        waited: list[float] = []
        found = Neighbours(other, street.folder / "manifest.json", "cedar").settled(
            waited.append, lambda: next(times)
        )
    alder = found[0]
    assert alder.verdict is Verdict.OTHER
    assert alder.told.hash != alder.ours
    assert len(waited) == 2
