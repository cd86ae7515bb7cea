"""A node's chain is copied while it runs, and another node begins from the copy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from chain import backup
from chain.clique import Clique
from chain.genesis import Genesis
from chain.keys import Account
from simulation.long_chain import blocks
from tests.integration.chain.processes import Household, describe, ended, until
from tests.integration.chain_node import chain_id, short_directory

LENGTH, MORE = 2_500, 300
"""Blocks of the chain, and those that come after the first copy."""


def quiet(_done: int, _all: int) -> None:
    """Nobody watches."""


def test_a_node_begins_from_a_copy_of_anothers_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "SEGMENT", 1_000)
    genesis, folder, signer = tmp_path / "genesis.json", tmp_path / "copy", Account.generate()
    Genesis(chain_id=chain_id(), period=1, signers=(signer.address,)).write(genesis)
    with short_directory() as sockets:
        old, new = (
            describe(tmp_path / name, sockets, host, seals=False, genesis=genesis)
            for name, host in (("old", "127.0.2.41"), ("new", "127.0.2.42"))
        )
        with ended([old, new]):
            node = Clique(old.settings.plan())
            started(old)
            made = list(blocks(node.headers(0, 0)[0], signer, LENGTH + MORE, 1))
            stopped(old)
            for part in (made[:LENGTH], made[LENGTH:]):
                file = tmp_path / "part.rlp.gz"
                file.write_bytes(gzip.compress(b"".join(each.raw for each in part)))
                node.take(file)
                started(old)
                assert old.client.block_number() == part[-1].header.number
                backup.make(old.settings.plan(), node, part[-1].header.number, folder, quiet)
                stopped(old)
            found = backup.check(folder, quiet)
            assert [each.last for each in found.segments] == [1_000, 2_000, LENGTH + MORE]
            assert found.genesis == made[0].header.parent_hash

            restored = Clique(new.settings.plan())
            backup.restore(new.settings.plan(), restored, folder, quiet)
            backup.restore(new.settings.plan(), restored, folder, quiet)  # again: it does no harm
            started(new)
            assert new.client.block("latest").hash == made[-1].header.hash


def started(household: Household) -> None:
    household.start("run")
    until(lambda: household.client.block_number() >= 0, "node")


def stopped(household: Household) -> None:
    process = household.processes["run"]
    process.terminate()
    process.wait(20)
