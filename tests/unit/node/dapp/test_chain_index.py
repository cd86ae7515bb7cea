"""The index against a chain that grows, forks and is put back: it comes to say what the chain holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from node.dapp.chain_index import STEP, ChainIndex
from tests.conftest import thorough

ACCOUNTS = ["0x" + f"{n:02x}" * 20 for n in range(1, 6)]
CONTRACT = "0x" + "cc" * 20


@dataclass
class Chain:
    """Blocks of who sent to whom; answers as geth does. `forks` bring it another branch in mid-question."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0
    forks: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.grow([()])

    def grow(self, many: Sequence[Sequence[tuple[int, int]]]) -> None:
        for transfers in many:
            self.made += 1
            number = len(self.blocks)
            block_hash = "0x" + hashlib.sha256(f"{number} {self.made}".encode()).hexdigest()
            sent = [
                {"from": ACCOUNTS[a], "to": ACCOUNTS[b] if b != a else None, "event": (a + b) % 2}
                for a, b in transfers
            ]
            parent = self.blocks[-1]["hash"] if self.blocks else "0x" + "00" * 32
            block = {"number": hex(number), "hash": block_hash, "parentHash": parent, "transactions": sent}
            self.blocks.append(block)

    def cut(self, depth: int) -> None:
        del self.blocks[max(len(self.blocks) - depth, 1) :]

    def block_number(self) -> int:
        return len(self.blocks) - 1

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = [getattr(self, method)(*parameters) for method, parameters in calls]
        if self.forks and len(calls) > 1:
            depth, length = self.forks.pop()
            self.cut(depth)
            self.grow([((0, 1),)] * length)
        return answers

    def eth_getBlockByNumber(self, number: str, full: bool) -> dict[str, Any] | None:  # noqa: N802
        return self.blocks[int(number, 16)] if int(number, 16) < len(self.blocks) else None

    def eth_getLogs(self, wanted: dict[str, str]) -> list[dict[str, Any]]:  # noqa: N802
        found = [block for block in self.blocks if block["hash"] == wanted["blockHash"]]
        return [self._event(sent) for block in found for sent in block["transactions"] if sent["event"]]

    def _event(self, sent: dict[str, Any]) -> dict[str, Any]:
        topics = ["0x" + "ee" * 32, "0x" + "00" * 12 + sent["from"][2:], f"0x{7:064x}"]
        return {"address": CONTRACT, "topics": topics}

    def blocks_of(self, account: str) -> list[int]:
        """By looking at every block."""
        return [
            number
            for number, block in reversed(list(enumerate(self.blocks)))
            if any(
                account in (sent["from"], sent["to"]) or (account == CONTRACT and sent["event"])
                for sent in block["transactions"]
            )
        ]


def catch_up(index: ChainIndex, chain: Chain) -> None:
    """Step until one step came to the head of a chain that stayed the same throughout it.

    The height alone does not tell: the other branch may be as long as the one that the step was told of.
    """
    for _ in range(200):
        head = chain.blocks[-1]
        more = index.step(chain)
        if not more and index.reach().done == chain.block_number() and chain.blocks[-1] is head:
            return
    raise AssertionError("the index never came to the head")


def check(index: ChainIndex, chain: Chain) -> None:
    head = chain.block_number()
    for account in [*ACCOUNTS, CONTRACT]:
        assert index.of(account, head, 10_000) == chain.blocks_of(account)
    busy = [n for n, block in reversed(list(enumerate(chain.blocks))) if block["transactions"]]
    assert index.with_transactions(head, 10_000) == busy
    assert index.with_events(head, 10_000) == chain.blocks_of(CONTRACT)


@pytest.fixture
def index(tmp_path: Path) -> ChainIndex:
    return ChainIndex(tmp_path / "index.db")


transfer = st.tuples(st.integers(0, 4), st.integers(0, 4))
some_blocks = st.lists(st.lists(transfer, max_size=2), max_size=STEP + 20)
happening = st.one_of(
    some_blocks.map(lambda blocks: ("grow", blocks)),
    st.integers(1, 300).map(lambda depth: ("cut", depth)),
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda fork: ("fork", fork)),
    st.integers(1, 3).map(lambda steps: ("step", steps)),
    st.just(("restart", None)),
)


@settings(max_examples=thorough(12, 500), deadline=None)
@given(happened=st.lists(happening, max_size=12))
@example(happened=[("fork", (1, 1)), ("grow", [[]])])
def test_whatever_the_chain_does_the_index_comes_to_say_what_it_holds(
    happened: list[tuple[str, Any]],
) -> None:
    with TemporaryDirectory() as folder:
        chain, index = Chain(), ChainIndex(Path(folder) / "index.db")
        for what, how in happened:
            match what:
                case "grow":
                    chain.grow(how)
                case "cut":
                    chain.cut(how)
                case "fork":
                    chain.forks.append(how)
                case "step":
                    for _ in range(how):
                        index.step(chain)
                case _:
                    index.close()
                    index = ChainIndex(Path(folder) / "index.db")
        catch_up(index, chain)
        check(index, chain)
        index.close()


def test_a_chain_that_was_put_back_further_than_every_hash_is_kept_is_followed(index: ChainIndex) -> None:
    chain = Chain()
    chain.grow([((0, 1),) if n % 7 == 0 else () for n in range(2_500)])
    catch_up(index, chain)
    chain.cut(1_900)
    chain.grow([((2, 3),) if n % 5 == 0 else () for n in range(400)])
    catch_up(index, chain)
    check(index, chain)


def test_a_branch_of_the_same_height_that_came_in_mid_step_is_followed_by_the_next(index: ChainIndex) -> None:
    chain = Chain(forks=[(1, 1)])
    chain.grow([()])
    assert not index.step(chain)
    assert index.reach().done == chain.block_number() == 1
    assert index.of(ACCOUNTS[0], 1, 10) == []  # What the branch held that the step was told of.
    assert not index.step(chain)
    check(index, chain)
    assert index.of(ACCOUNTS[0], 1, 10) == [1]


def test_another_chain_takes_the_place_of_the_first(index: ChainIndex) -> None:
    chain, other = Chain(), Chain(made=1_000)
    chain.grow([((0, 1),)] * 200)
    other.grow([((2, 3),)] * 90)
    catch_up(index, chain)
    catch_up(index, other)
    check(index, other)


def test_pages_go_down_without_a_gap_or_a_repetition(index: ChainIndex) -> None:
    chain = Chain()
    chain.grow([((0, 1),) if n % 3 == 0 else () for n in range(300)])
    catch_up(index, chain)
    below, seen = chain.block_number(), []
    while numbers := index.of(ACCOUNTS[0], below, 7):
        seen += numbers
        below = numbers[-1] - 1
    assert seen == chain.blocks_of(ACCOUNTS[0])


def test_it_says_how_far_it_is(index: ChainIndex) -> None:
    chain = Chain()
    chain.grow([()] * (4 * STEP - 1))
    assert index.step(chain)
    assert (index.reach().done, index.reach().percent) == (STEP - 1, 25)
    catch_up(index, chain)
    assert index.reach().percent == 100


def test_a_file_that_is_none_of_ours_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"torn" * 5_000)
    chain = Chain()
    chain.grow([((0, 1),)] * 5)
    index = ChainIndex(path)
    catch_up(index, chain)
    check(index, chain)


def test_behind_a_link_it_is_made_where_that_leads(tmp_path: Path) -> None:
    (tmp_path / "dapp").mkdir()
    (tmp_path / "index.db").symlink_to("dapp/index.db")
    (tmp_path / "dapp/index.db").write_bytes(b"no database" * 100)
    ChainIndex(tmp_path / "index.db").close()
    assert (tmp_path / "index.db").is_symlink()
    assert (tmp_path / "dapp/index.db").read_bytes().startswith(b"SQLite format 3")


def test_empty_blocks_take_no_room(index: ChainIndex, tmp_path: Path) -> None:
    chain = Chain()
    chain.grow([()] * 3_000)
    catch_up(index, chain)
    rows = sqlite3.connect(tmp_path / "index.db").execute("SELECT count(*) FROM hashes").fetchone()[0]
    assert rows < 300
