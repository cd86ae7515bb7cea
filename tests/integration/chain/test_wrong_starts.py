"""Everything that keeps a chain node from starting: one line, what, where, and what to do."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.clique import Clique
from chain.errors import SettingRefused
from chain.genesis import Genesis
from tests.integration.chain.processes import Household, describe, ended, until
from tests.integration.chain_node import chain_id, short_directory
from tests.waiting import PATIENCE


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    with short_directory() as sockets:
        genesis = tmp_path / "genesis.json"
        home = describe(tmp_path / "home", sockets, "127.0.2.40", seals=True, genesis=genesis)
        assert home.signer is not None
        Genesis(chain_id=chain_id(), period=1, signers=(home.signer.address,)).write(genesis)
        with ended([home]):
            yield home


def change(home: Household, **changes: object) -> None:
    """Set keys of `chain.node`."""
    home.settings = home.settings.model_copy(update={"node": home.node.model_copy(update=changes)})


def refused(home: Household, code: int) -> str:
    """The one line of a node that does not start."""
    assert home.start("run").wait(PATIENCE) == code
    [line] = home.log("run").splitlines()
    assert home.geth_pids() == []
    return line.removeprefix("commonwatt: ")


def test_a_missing_geth(home: Household) -> None:
    change(home, geth="/nowhere/geth")
    assert refused(home, 69) == (
        "there is no program '/nowhere/geth': build it with `python -m chain.geth`, "
        "or correct chain.node.geth"
    )


def test_a_program_that_is_no_geth(home: Household) -> None:
    change(home, geth="/bin/true")
    assert refused(home, 69) == "/bin/true is no geth: correct chain.node.geth"


def test_a_geth_that_does_not_seal_clique(home: Household, tmp_path: Path) -> None:
    newer = tmp_path / "geth"
    newer.write_text("#!/bin/sh\necho 'Version: 1.14.0-stable'\n")
    newer.chmod(0o755)
    change(home, geth=str(newer))
    assert f"{newer} is geth 1.14.0, but this chain is run by 1.13.15" in refused(home, 69)


def test_another_chain_in_the_data_directory(home: Household) -> None:
    Clique(home.settings.plan()).init()
    assert home.signer is not None
    Genesis(chain_id=chain_id(), period=1, signers=(home.signer.address,)).write(home.settings.genesis)
    assert refused(home, 78).startswith(f"{home.node.data} holds the chain of another genesis than")


def test_another_chain_is_told_by_geth_itself_when_our_note_is_gone(home: Household) -> None:
    engine = Clique(home.settings.plan())
    engine.init()
    (home.node.data / "genesis.json").unlink()
    engine.init()  # The same chain: nothing to say.
    (home.node.data / "genesis.json").unlink()
    assert home.signer is not None
    Genesis(chain_id=chain_id(), period=1, signers=(home.signer.address,)).write(home.settings.genesis)
    with pytest.raises(SettingRefused, match="another genesis"):
        engine.init()


def test_a_file_that_is_no_genesis(home: Household) -> None:
    home.settings.genesis.write_text("{}")
    assert "is not the genesis of a Clique chain" in refused(home, 78)


def test_a_node_key_that_others_can_read(home: Household) -> None:
    home.node.key_file.chmod(0o644)
    assert "node.key is open to others" in refused(home, 78)


@pytest.mark.parametrize("setting", ["listen", "http", "authrpc_port"])
def test_a_port_that_is_taken(home: Household, setting: str) -> None:
    value = getattr(home.node, setting)
    host, port = ("127.0.0.1", value) if setting == "authrpc_port" else value.rsplit(":")
    with socket.socket() as other:
        other.bind((host, int(port)))
        other.listen()
        assert refused(home, 69) == (
            f"chain.node.{setting} {host}:{port}: another program listens there: "
            f"stop it, or change chain.node.{setting}"
        )


def test_an_address_that_this_host_does_not_have(home: Household) -> None:
    change(home, listen="192.0.2.1:30303")
    assert "this host has no such address: bring its network up" in refused(home, 69)


def test_a_data_directory_that_another_geth_uses(home: Household, tmp_path: Path) -> None:
    home.start("run")
    home.start("seal")
    until(lambda: home.client.block_number() >= 1, "block")
    second = Household(tmp_path, home.settings, None, "")
    change(second, listen="127.0.2.41:0".replace(":0", ":30303"), http="127.0.2.41:8545", authrpc_port=28551)
    assert second.start("run").wait(PATIENCE) == 69
    assert "another geth uses it" in second.log("run")


def test_a_signer_waits_for_its_sealer_and_says_so_once(home: Household) -> None:
    home.start("run")
    until(lambda: "waiting for the sealer, `commonwatt chain seal`" in home.log("run"), "word")
    assert home.geth_pids() == []
    home.start("seal")
    until(lambda: home.client.block_number() >= 1, "block")
    assert home.log("run").count("waiting for the sealer") == 1
    until(lambda: home.state().get("sealing"), "state")


def test_a_geth_that_dies_again_and_again_is_started_ever_less_often(home: Household) -> None:
    home.start("seal")
    assert home.node.seal is not None
    until(home.node.seal.socket.exists, "the sealer")
    home.start("run")
    for times in range(1, 4):
        until(lambda: len(home.geth_pids()) == 1, "geth")
        [pid] = home.geth_pids()
        os.kill(pid, signal.SIGKILL)
        until(lambda: home.log("run").count("ended with signal 9") == times, "word of its end")  # noqa: B023
    waits = [
        float(line.rsplit("again_in_s=", 1)[1])
        for line in home.log("run").splitlines()
        if "again_in_s" in line
    ]
    assert waits == [0.5, 1.0, 2.0]


def test_the_settings_reach_the_process_whole(home: Household) -> None:
    home.start("run")
    until(lambda: home.log("run"), "word")
    told = json.loads((home.directory / "settings.json").read_text())
    assert told["node"]["listen"] == home.node.listen
