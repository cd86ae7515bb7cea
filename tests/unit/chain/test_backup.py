"""A copy of the chain: complete, of one piece, and refused where it is not."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chain import backup
from chain.blocks import Header
from chain.errors import BackupRefused, NodeUnavailable, UnknownBlock
from chain.genesis import Genesis
from chain.keys import Account
from chain.plan import NodePlan
from simulation.long_chain import Sealed, blocks
from tests.unit.chain.sealed import first_block

SIGNER = Account.of(b"\1" * 32)
FIRST = first_block((SIGNER,))
CHAIN = [Sealed(FIRST, b""), *blocks(FIRST, SIGNER, 60, 5)]


@dataclass
class Node:
    """Has a chain, writes and takes files of it as geth does."""

    chain: list[Sealed] = field(default_factory=lambda: list(CHAIN))
    exported: list[tuple[int, int]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    made: bool = False
    dies_at: int = 0

    def headers(self, first: int, last: int) -> list[Header]:
        if last >= len(self.chain):
            raise UnknownBlock(str(last))
        return [each.header for each in self.chain[first : last + 1]]

    def export(self, first: int, last: int, file: Path) -> None:
        if self.dies_at and first >= self.dies_at:
            raise NodeUnavailable("gone")
        assert not file.exists()
        self.exported.append((first, last))
        file.write_bytes(gzip.compress(b"".join(each.raw for each in self.chain[first : last + 1])))

    def init(self) -> None:
        self.made = True

    def take(self, file: Path) -> None:
        self.taken.append(file.name)


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "SEGMENT", 10)


@pytest.fixture
def plan(tmp_path: Path) -> NodePlan:
    genesis = tmp_path / "genesis.json"
    Genesis(chain_id=4711, period=5, signers=(SIGNER.address,)).write(genesis)
    (tmp_path / "data").mkdir()
    return NodePlan(
        genesis=genesis,
        geth="geth",
        data=tmp_path / "data",
        listen="127.0.0.1:30303",
        http="127.0.0.1:8545",
        authrpc_port=8551,
        ipc=tmp_path / "ipc",
        key_file=tmp_path / "node.key",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def made(plan: NodePlan, folder: Path, last: int, node: Node | None = None) -> Node:
    node = node or Node()
    backup.make(plan, node, last, folder, lambda *_: None)
    return node


def checked(folder: Path) -> backup.Backup:
    return backup.check(folder, lambda *_: None)


def test_a_copy_has_every_block_once(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 35)
    found = checked(folder)
    assert [(each.first, each.last) for each in found.segments] == [(1, 10), (11, 20), (21, 30), (31, 35)]
    assert found.last == 35
    assert found.segments[-1].hash == CHAIN[35].header.hash
    assert list(plan.data.iterdir()) == [], "the node's own folder is left as it was"


def test_a_second_run_writes_only_what_is_new(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 35)
    assert made(plan, folder, 52).exported == [(31, 40), (41, 50), (51, 52)]
    assert checked(folder).last == 52
    assert len(list(folder.iterdir())) == 7, "the short last segment has made place for the longer one"


def test_a_run_that_was_ended_is_gone_on_with(plan: NodePlan, folder: Path) -> None:
    with pytest.raises(NodeUnavailable):
        made(plan, folder, 60, Node(dies_at=31))
    assert checked(folder).last == 30, "what is there already is of use"
    assert made(plan, folder, 60).exported == [(31, 40), (41, 50), (51, 60)]


def test_what_was_damaged_or_reorganised_is_written_anew(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 60)
    (folder / "blocks-000000011-000000020.rlp.gz").write_bytes(b"")
    assert made(plan, folder, 60).exported[0] == (11, 20)
    checked(folder)
    other = [*CHAIN[:45], *blocks(CHAIN[44].header, SIGNER, 16, 6)]
    assert made(plan, folder, 60, Node(other)).exported == [(41, 50), (51, 60)]
    checked(folder)


def test_a_folder_is_of_one_chain(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 20)
    Genesis(chain_id=4712, period=5, signers=(SIGNER.address,)).write(plan.genesis)
    with pytest.raises(BackupRefused, match="another chain, 4711: name another folder"):
        made(plan, folder, 20)
    with pytest.raises(BackupRefused, match="holds chain 4711"):
        backup.restore(plan, Node(), folder, lambda *_: None)


def test_a_chain_that_has_just_begun_has_nothing_to_copy(plan: NodePlan, folder: Path) -> None:
    assert made(plan, folder, 0).exported == []


def test_a_damaged_file_is_named(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 30)
    place = folder / "blocks-000000011-000000020.rlp.gz"
    raw = bytearray(place.read_bytes())
    raw[len(raw) // 2] ^= 1
    place.write_bytes(raw)
    with pytest.raises(BackupRefused, match=f"{place.name} is damaged"):
        checked(folder)
    node = Node()
    with pytest.raises(BackupRefused, match="is damaged"):
        backup.restore(plan, node, folder, lambda *_: None)
    assert node.taken == ["blocks-000000001-000000010.rlp.gz"]
    place.unlink()
    with pytest.raises(BackupRefused, match="No such file"):
        checked(folder)


@pytest.mark.parametrize("change", [{"hash": "0x" + "11" * 32}, {"last": 29}, {"parent": "0x" + "11" * 32}])
def test_a_list_that_does_not_tell_of_its_files_is_found(
    plan: NodePlan, folder: Path, change: dict[str, object]
) -> None:
    made(plan, folder, 30)
    found = backup.Backup.load(folder)
    wrong = replace(found.segments[-1], **change)  # type: ignore[arg-type]
    if "last" in change:
        (folder / found.segments[-1].file).rename(folder / wrong.file)
    replace(found, segments=(*found.segments[:-1], wrong)).save(folder)
    with pytest.raises(BackupRefused, match="make the backup anew"):
        checked(folder)


def test_blocks_that_do_not_follow_each_other_are_found(plan: NodePlan, folder: Path) -> None:
    gap = [*CHAIN[:15], *CHAIN[16:]]
    made(plan, folder, 20, Node(gap))
    with pytest.raises(BackupRefused, match="block 15 does not follow"):
        checked(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "commonwatt chain backup", "version": 2}'])
def test_another_list_is_refused(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / backup.LIST).write_text(content)
    with pytest.raises(BackupRefused, match="no list of a chain's backup"):
        checked(folder)


def test_a_missing_list_is_told(folder: Path) -> None:
    with pytest.raises(BackupRefused, match="cannot be read"):
        checked(folder)


def test_restoring_takes_file_after_file(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 25)
    node, told = Node(), []
    backup.restore(plan, node, folder, lambda done, all_: told.append((done, all_)))
    assert node.made
    assert node.taken == [each.file for each in backup.Backup.load(folder).segments]
    assert told == [(0, 25), (10, 25), (20, 25), (25, 25)]


def test_the_list_is_plain_json(plan: NodePlan, folder: Path) -> None:
    made(plan, folder, 10)
    listed = json.loads((folder / backup.LIST).read_text())
    assert (listed["kind"], listed["chain_id"]) == ("commonwatt chain backup", 4711)
