"""A chain of one signer whose sealer goes away: geth gives up the block that nobody signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain import ipc
from chain.genesis import Genesis
from tests.integration.chain.processes import Household, describe, ended, until
from tests.integration.chain_node import chain_id, short_directory

GIVEN_UP = "Block sealing failed"
"""What geth says of a block that its sealer did not sign."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Household]:
    with short_directory() as sockets:
        file = tmp_path / "genesis.json"
        home = describe(tmp_path / "alone", sockets, "127.0.2.30", seals=True, genesis=file)
        assert home.signer is not None
        Genesis(chain_id=chain_id(), period=1, signers=(home.signer.address,), alloc={}).write(file)
        with ended([home]):
            home.start("seal")
            home.start("run")
            until(lambda: home.client.block_number() >= 2, "chain")
            yield home


def test_a_chain_whose_only_sealer_was_away_goes_on_when_it_is_back(alone: Household) -> None:
    geth = alone.geth_pids()
    alone.processes["seal"].kill()
    alone.processes["seal"].wait()
    until(lambda: GIVEN_UP in alone.log("run"), "a block that is not signed")
    height = alone.client.block_number()
    alone.start("seal")
    until(lambda: alone.client.block_number() >= height + 3, "blocks of the new sealer")
    assert "sealing begins anew" in alone.log("run")
    assert alone.geth_pids() == geth


def test_a_node_that_stopped_sealing_by_itself_begins_again(alone: Household) -> None:
    ipc.request(alone.settings.plan().ipc, "miner_stop")
    until(lambda: alone.state()["sealing"] is False, "a node that seals no more")
    height = alone.client.block_number()
    until(lambda: alone.client.block_number() >= height + 3, "further blocks")


def test_blocks_that_counted_and_were_replaced_are_told(alone: Household) -> None:
    socket = alone.settings.plan().ipc
    until(lambda: alone.state().get("height", 0) >= 6, "some blocks")
    assert alone.state()["replaced"] == 0
    ipc.request(socket, "miner_stop")
    height = alone.client.block_number()
    until(lambda: alone.state()["height"] == height, "the last block seen")
    ipc.request(socket, "debug_setHead", hex(height - 3))
    ipc.request(socket, "miner_start")
    until(lambda: alone.client.block_number() >= height + 1, "another chain")
    until(lambda: alone.state()["replaced"] == 3, "what was replaced")
    assert alone.state()["replaced_at"] > 0
    assert "blocks that counted were replaced" in alone.log("run")
