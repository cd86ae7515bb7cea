"""Three signers and a follower on one machine, each with its supervisor and sealer as real processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account as TransactionSigner

from chain import votes
from chain.clique import Clique
from chain.genesis import Genesis
from chain.keys import Account
from chain.signers import SignerSet
from tests.integration.chain.processes import Household, acquaint, describe, ended, until
from tests.integration.chain_node import ETHER, chain_id, short_directory
from tests.waiting import BUSY


@dataclass
class Neighbourhood:
    genesis: Genesis
    signers: list[Household]
    follower: Household
    rich: Account

    @property
    def all(self) -> list[Household]:
        return [*self.signers, self.follower]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    directory = tmp_path_factory.mktemp("homes")
    genesis_file = directory / "genesis.json"
    with short_directory() as sockets:
        signers = [
            describe(
                directory / f"signer-{n}", sockets, f"127.0.2.{10 + n}", seals=True, genesis=genesis_file
            )
            for n in range(3)
        ]
        follower = describe(directory / "follower", sockets, "127.0.2.20", seals=False, genesis=genesis_file)
        households = [*signers, follower]
        acquaint(households)
        rich = Account.generate()
        genesis = Genesis(
            chain_id=chain_id(),
            period=1,
            signers=tuple(each.signer.address for each in signers if each.signer),
            alloc={rich.address: 1_000 * ETHER},
        )
        genesis.write(genesis_file)
        with ended(households):
            for each in households:
                each.start("run")
            for each in signers:  # The sealers come last: any process may start first.
                each.start("seal")
            until(lambda: all(each.client.block_number() >= 2 for each in households), "chain")
            yield Neighbourhood(genesis, signers, follower, rich)


def pay(homes: Neighbourhood, at: Household) -> None:
    """Send a transfer by one node, and wait until that shows it."""
    client, to = at.client, Account.generate().address
    signed = TransactionSigner.sign_transaction(
        {
            "chainId": homes.genesis.chain_id,
            "nonce": client.nonce(homes.rich.address),
            "to": to,
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 100 * 10**9,
            "maxPriorityFeePerGas": 10**9,
        },
        homes.rich.private,
    )
    sent = client.send_raw(signed.raw_transaction)
    until(lambda: client.receipt(sent), "receipt")
    receipt = client.receipt(sent)
    assert receipt is not None
    assert receipt.succeeded
    until(lambda: client.balance(to) == 1, "head with what was paid")


def test_a_transaction_that_the_follower_takes_is_mined(homes: Neighbourhood) -> None:
    pay(homes, homes.follower)


def test_the_state_tells_height_peers_signers_and_who_seals(homes: Neighbourhood) -> None:
    until(lambda: homes.follower.state().get("signers"), "counted signers")
    until(lambda: homes.follower.state()["still"] is not None, "a head that advances")
    state = homes.follower.state()
    keys = {"height", "head_time", "peers", "signers", "silent", "missed", "sealing", "syncing", "geth"}
    keys |= {"still", "replaced", "replaced_at", "disk_taken", "disk_free", "disk_per_day", "disk_days"}
    assert set(state) == keys | {"enode"}
    assert 0 <= state["still"] < 10
    assert state["replaced"] == 0
    assert state["disk_taken"] > 1_000_000
    assert state["silent"] == []
    assert state["signers"] == sorted(homes.genesis.signers)
    assert state["height"] >= 2
    assert state["peers"] == 3
    assert state["geth"] == "1.13.15"
    assert state["sealing"] is False
    assert homes.signers[0].state()["sealing"] is True


def test_the_signers_are_read_from_the_headers(homes: Neighbourhood) -> None:
    client = homes.follower.client
    assert SignerSet(client).at(client.block_number()) == frozenset(homes.genesis.signers)


def test_no_port_is_open_but_on_the_configured_address(homes: Neighbourhood) -> None:
    pids = homes.follower.geth_pids()
    assert len(pids) == 1
    listening = listeners(pids[0])
    node = homes.follower.node
    assert listening == {node.listen, node.http, f"127.0.0.1:{node.authrpc_port}"}


def test_a_node_that_the_others_befriend_joins_and_leaves_when_they_part(
    homes: Neighbourhood, tmp_path: Path
) -> None:
    with short_directory() as sockets:
        new = describe(
            tmp_path / "new", sockets, "127.0.2.21", seals=False, genesis=homes.follower.settings.genesis
        )
        with ended([new]):
            new.start("run")
            until(lambda: new.state().get("height") == 0, "node without peers")
            friend = Clique(homes.follower.settings.plan())
            friend.befriend(new.enode)
            Clique(new.settings.plan()).befriend(homes.follower.enode)
            # When both dial each other at once both may hang up; geth dials again after some 35 s.
            until(lambda: new.client.block_number() >= 2, "chain at the newcomer")
            friend.unfriend(new.enode)
            Clique(new.settings.plan()).unfriend(homes.follower.enode)
            until(lambda: new.state()["peers"] == 0, "parting")


def test_a_killed_signer_does_not_stop_the_chain_and_comes_back(homes: Neighbourhood) -> None:
    victim = homes.signers[0]
    [geth] = victim.geth_pids()
    height = homes.follower.client.block_number()
    os.kill(geth, signal.SIGKILL)
    until(lambda: homes.follower.client.block_number() >= height + 3, "block from the others")
    until(lambda: victim.geth_pids() not in ([], [geth]), "restart of geth")
    until(
        lambda: victim.client.block_number() >= homes.follower.client.block_number() - 1 > height,
        "synchronous head",
    )
    assert "geth ended with signal 9" in victim.log("run")


def test_geth_does_not_outlive_its_killed_supervisor(homes: Neighbourhood) -> None:
    victim = homes.signers[1]
    [geth] = victim.geth_pids()
    victim.processes["run"].kill()
    until(lambda: not victim.geth_pids(), "end of geth")
    height = homes.follower.client.block_number()
    victim.start("run")
    until(lambda: victim.geth_pids() not in ([], [geth]), "restart")
    until(lambda: homes.follower.client.block_number() >= height + 3, "further blocks")
    pay(homes, homes.follower)


def test_a_killed_sealer_comes_back_to_the_same_geth(homes: Neighbourhood) -> None:
    victim = homes.signers[2]
    pids = victim.geth_pids()
    victim.processes["seal"].kill()
    victim.processes["seal"].wait()
    before = victim.log("seal").count("event=sealed")
    time.sleep(1)
    victim.start("seal")
    until(lambda: victim.log("seal").count("event=sealed") > before, "seal of the new sealer")
    assert victim.geth_pids() == pids


def test_a_majority_votes_a_signer_off_and_on_again(homes: Neighbourhood) -> None:
    plans = [each.settings.plan() for each in homes.signers]
    third = homes.signers[2].signer
    assert third is not None
    for admits in (False, True):
        for plan in plans[:2]:
            votes.vote(plan, third.address, admits)
        until(
            lambda admits=admits: all(  # type: ignore[misc]
                votes.come_true(votes.standing(plan), third.address, admits) for plan in plans
            ),
            "the signers as they were voted for",
        )
        for plan in plans[:2]:
            votes.discard(plan, third.address)
    assert votes.standing(plans[0]).votes == {}
    client = homes.follower.client
    until(lambda: third.address in SignerSet(client).at(client.block_number()), "the third in the headers")


def test_the_supervisor_ends_within_three_seconds_and_takes_geth_along(homes: Neighbourhood) -> None:
    process = homes.follower.processes["run"]
    process.terminate()
    assert process.wait(3 + BUSY) == 0
    assert homes.follower.geth_pids() == []


def listeners(pid: int) -> set[str]:
    """The TCP addresses that a process listens on."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(str(link.readlink()))
    found = set()
    for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        cells = row.split()
        if cells[3] == "0A" and f"socket:[{cells[9]}]" in inodes:
            address, port = cells[1].split(":")
            found.add(".".join(str(b) for b in bytes.fromhex(address)[::-1]) + f":{int(port, 16)}")
    return found
