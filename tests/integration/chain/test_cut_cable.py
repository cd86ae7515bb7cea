"""A follower whose only neighbour was out of reach for a while goes on with that neighbour's chain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chain.genesis import Genesis
from simulation.demo.cables import AT_ONCE, Cable, Cables
from tests.integration.chain.processes import Household, describe, ended, until
from tests.integration.chain_node import chain_id, short_directory
from tests.waiting import BUSY, eventually

SIGNER, FOLLOWER = "127.0.2.60", "127.0.2.61"
TO_SIGNER, TO_FOLLOWER = "127.1.2.60", "127.1.2.61"

CUT = 25.0
"""Seconds: geth gives a silent peer up after 15 to 30."""

GIVEN_UP = 110.0
"""Seconds: a minute that geth may wait for an answer on a dead connection, ten until it looks for a peer, and
35 until it calls one again."""

LOST = 45.0
"""Seconds for which an end is not told of the other's hanging up."""


class Lossy(Cables):
    """Cables that deliver what was under way when they were cut, but not that its connection has ended."""

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(AT_ONCE):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        await asyncio.sleep(LOST)
        raise ConnectionResetError


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Household, Household, Cables]]:
    """A signer and a follower that know each other by their cables' addresses."""
    with short_directory() as sockets:
        genesis = tmp_path / "genesis.json"
        signer = describe(tmp_path / "signer", sockets, SIGNER, seals=True, genesis=genesis)
        follower = describe(tmp_path / "follower", sockets, FOLLOWER, seals=False, genesis=genesis)
        acquainted(signer, follower, TO_FOLLOWER)
        acquainted(follower, signer, TO_SIGNER)
        assert signer.signer is not None
        Genesis(chain_id=chain_id(), period=1, signers=(signer.signer.address,)).write(genesis)
        cables = Lossy(
            [
                Cable(host=TO_SIGNER, target=SIGNER, port=port(signer)),
                Cable(host=TO_FOLLOWER, target=FOLLOWER, port=port(follower)),
            ]
        )
        cables.lay()
        with ended([signer, follower]):
            signer.start("run")
            follower.start("run")
            signer.start("seal")
            yield signer, follower, cables
        cables.take_up()


def acquainted(household: Household, other: Household, way: str) -> None:
    """Give a household the other's enode, at its cable's address; as many peers as by default."""
    peers = (f"{other.enode.partition('@')[0]}@{way}:{port(other)}",)
    node = household.node.model_copy(update={"peers": peers})
    household.settings = household.settings.model_copy(update={"node": node})


def port(household: Household) -> int:
    return int(household.node.listen.rpartition(":")[2])


@pytest.mark.long
@pytest.mark.timeout(400)
def test_after_a_cut_the_follower_goes_on_with_its_only_neighbour(
    pair: tuple[Household, Household, Cables],
) -> None:
    signer, follower, cables = pair
    until(lambda: follower.client.block_number() >= 5, "blocks at the follower")
    cables.cut()
    time.sleep(CUT)
    cables.mend()

    def caught_up() -> bool:
        with suppress(Exception):
            return follower.client.block_number() >= signer.client.block_number() - 1
        return False

    eventually(caught_up, "the follower at its neighbour's head", GIVEN_UP + BUSY)
