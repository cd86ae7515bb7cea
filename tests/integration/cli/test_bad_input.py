"""Each mistake answers with one clear line (what, where, what to do) and its exit code."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest
import yaml

from contracts.authority import Authority
from contracts.deploy import Terms, deploy
from quantities import Tokens
from tests.integration.chain_node import geth, one_signer_chain
from tests.integration.cli.household import Home, line, ran, settled

HOST = "127.0.5.1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return settled(tmp_path, HOST)


AS_NOBODY_SPECIAL = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""For tests that run as root, to whom no file is closed."""

DAEMONS = [
    ("chain", "run"),
    ("chain", "seal"),
    ("logger", "run"),
    ("client-interaction", "run"),
    ("relay", "run"),
    ("dapp", "run"),
]


@pytest.mark.parametrize("command", DAEMONS, ids=" ".join)
def test_a_misspelt_key_stops_every_process_with_its_line(home: Home, command: tuple[str, ...]) -> None:
    home.file.write_text(home.file.read_text().replace("timeout:", "timeuot:"))
    answer = home.run(*command)
    assert answer.code == 78
    number = next(i for i, text in enumerate(home.file.read_text().splitlines(), 1) if "timeuot" in text)
    assert f"{home.file}:{number}: chain.timeuot: unknown key; did you mean `timeout`?" in answer.complaint


def test_a_missing_key_file_stops_the_trader(home: Home) -> None:
    (home.folder / "key.json").unlink()
    answer = home.run("client-interaction", "run")
    assert answer.code == 78
    assert f"{home.folder}/key.json is not there: make the key first, or correct its path" in answer.complaint


def test_a_key_file_open_to_others_stops_the_trader(home: Home) -> None:
    (home.folder / "key.json").chmod(0o644)
    answer = home.run("client-interaction", "run")
    assert answer.code == 78
    assert "is open to others (mode 0644): chmod 600" in answer.complaint


def test_no_geth_stops_the_chain_process(home: Home) -> None:
    chain = {"genesis": "genesis.json", "node": {"geth": "no-such-geth", "listen": f"{HOST}:30303"}}
    home.change(chain=chain)
    answer = home.run("chain", "run")
    assert answer.code == 69
    assert "no-such-geth" in answer.complaint
    assert "chain.node.geth" in answer.complaint


def test_a_host_without_a_node_says_so(home: Home) -> None:
    answer = home.run("chain", "run")
    assert answer.code == 78
    assert "no section `chain.node`" in answer.complaint


def test_a_node_that_is_no_signer_says_so(home: Home) -> None:
    home.change(chain={"node": {"listen": f"{HOST}:30303"}})
    answer = home.run("chain", "seal")
    assert answer.code == 78
    assert "no section `chain.node.seal`" in answer.complaint


@pytest.mark.parametrize(
    ("command", "port", "key"), [("dapp", 8080, "dapp.listen"), ("relay", 15555, "relay.listen")]
)
def test_a_port_that_is_taken_is_named(home: Home, command: str, port: int, key: str) -> None:
    with socket.socket() as other:
        other.bind((HOST, port))
        other.listen()
        answer = home.run(command, "run")
    assert answer.code == 69
    assert f"{HOST}:{port}" in answer.complaint
    assert key in answer.complaint


def test_an_address_that_this_host_does_not_have_is_named(home: Home) -> None:
    home.change(dapp={"listen": "192.0.2.1:8080"})
    answer = home.run("dapp", "run")
    assert answer.code == 69
    assert "192.0.2.1:8080" in answer.complaint


CLOSED = [
    ("key.json", ("client-interaction", "run"), 78),
    ("key.json", ("key", "address"), 78),
    ("node.key", ("chain", "run"), 78),
    ("household.yml", ("config", "check"), 78),
    ("state", ("relay", "clear", "0"), 69),
    ("state", ("relay", "audit", "verify"), 69),
]


@pytest.mark.parametrize(("closed", "command", "code"), CLOSED, ids=[" ".join(case[1]) for case in CLOSED])
def test_a_file_of_another_user_is_named_in_one_line(
    home: Home, closed: str, command: tuple[str, ...], code: int
) -> None:
    settings = yaml.safe_load(home.file.read_text())
    home.change(
        chain={**settings["chain"], "node": {"listen": f"{HOST}:30303", "geth": geth()}},
        relay={**settings["relay"], "transfer": {"home_pin": 22, "ties": []}},
    )
    (home.folder / closed).chmod(0)
    try:
        if command[0] == "key":
            answer = ran(
                [*AS_NOBODY_SPECIAL, sys.executable, "-m", "node.cli", *command, str(home.folder / closed)]
            )
        else:
            answer = ran([*AS_NOBODY_SPECIAL, *line(home, command)])
    finally:
        (home.folder / closed).chmod(0o700)
    assert answer.code == code
    assert str(home.folder / closed) in answer.complaint
    assert "Permission denied" in answer.complaint


def test_the_doctor_goes_on_where_a_folder_is_closed(home: Home) -> None:
    (home.folder / "state").chmod(0)
    try:
        answer = ran([*AS_NOBODY_SPECIAL, *line(home, ("doctor",))])
    finally:
        (home.folder / "state").chmod(0o700)
    assert answer.code == 1
    assert f"{home.folder}/state is closed to this user" in answer.out
    assert "this check broke" not in answer.out


def test_looking_at_a_relay_that_does_not_run_says_where(home: Home) -> None:
    answer = home.run("relay", "state")
    assert answer.code == 69
    assert f"{HOST}:15555" in answer.complaint


def test_contracts_cannot_be_verified_without_a_manifest_or_a_node(home: Home) -> None:
    answer = home.run("contracts", "verify")
    assert answer.code == 69
    assert f"{home.folder}/manifest.json is not there yet" in answer.complaint

    (home.folder / "manifest.json").write_text("{}")
    answer = home.run("contracts", "verify")
    assert answer.code == 78
    assert f"{home.folder}/manifest.json lacks 'token'" in answer.complaint


def test_a_node_of_another_chain_or_other_contracts_are_refused(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    terms = Terms(mint_cap=Tokens.parse(1000), mint_period=10, supply_blocks=60, challenge_blocks=20)
    with one_signer_chain(tmp_path_factory.mktemp("chain"), "127.0.5.2") as chain:
        made = deploy(Authority(chain.account, chain.client), chain.client, terms)
        made.save(home.folder / "manifest.json")
        home.change(chain={"rpc": chain.url})
        assert home.run("contracts", "verify").code == 0

        told = json.loads((home.folder / "manifest.json").read_text())
        elsewhere = {**told["current"], "address": chain.account.address}
        (home.folder / "manifest.json").write_text(json.dumps({**told, "current": elsewhere}))
        answer = home.run("contracts", "verify")
        assert answer.code == 78
        assert f"there is no code at {chain.account.address}" in answer.complaint
        assert "get the manifest from your neighbourhood's operator" in answer.complaint

        (home.folder / "manifest.json").write_text(
            json.dumps({**told, "current": elsewhere, "block": 1_000_000})
        )
        answer = home.run("contracts", "verify")
        assert answer.code == 69
        assert "has not reached block 1000000 yet" in answer.complaint

        (home.folder / "manifest.json").write_text(json.dumps({**told, "chain_id": 7}))
        answer = home.run("contracts", "verify")
        assert answer.code == 78
        assert f"the node follows chain {chain.genesis.chain_id}, the manifest is of 7" in answer.complaint

        doctor = home.run("doctor", "--json")
        assert doctor.code == 1
        failed = [f["what"] for f in json.loads(doctor.out)["findings"] if f["result"] == "failed"]
        assert any(
            f"follows chain {chain.genesis.chain_id}, the genesis file is of chain 4205" in f for f in failed
        )
