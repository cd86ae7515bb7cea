"""Any mixture of lost pools, reorganisations, replacements, reverts, other programs, clocks and crashes.

Whatever happens, an intent is done at most once, no nonce is signed for two intents, and everything ends.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chain.errors import Unreachable
from chain.transactions import Call
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Journal, Stage
from node.wallet.sender import STRANGERS_BLOCKS, Sender
from node.wallet.watch import MOST_SIGNATURES, STUCK_BLOCKS
from tests.conftest import thorough
from tests.unit.node.wallet.fake_node import FakeNode, Tx, parsed
from tests.unit.node.wallet.made import ACCOUNT

DEPTH = 2
SHALLOW, DEEP = DEPTH, 20
LONG_ENOUGH = STUCK_BLOCKS * MOST_SIGNATURES + STRANGERS_BLOCKS


class Crash(Exception):
    """The process was killed here."""


class Dying:
    """Passes everything on until its process is to die: before a call takes effect, or after."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.left: int | None = None
        """Calls until it dies, two each: before and after; None: it lives."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if not callable(real):
            return real

        def passed_on(*given: Any, **named: Any) -> Any:
            self._count()
            answer = real(*given, **named)
            self._count()
            return answer

        return passed_on

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash


class Household(RuleBasedStateMachine):
    """One journal, one key, a chain that is not kind."""

    deepest = SHALLOW

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._database = self._opened()
        self.node = FakeNode(ACCOUNT.address, reverts=self._reverts)
        self.reverting: set[bytes] = set()
        self.calls: dict[str, Call] = {}
        self.clock = 1_000_000.0
        self.number = 0

    @initialize()
    def begin(self) -> None:
        self._start()

    def teardown(self) -> None:
        self._start()
        for _ in range(LONG_ENOUGH):
            self.sender.step(self.node.head, DEPTH)
            self.node.mine()
        assert self.journal.under_way() == [], "everything ends"
        self.done_once()
        done = [tx.data for tx in self.node.done]
        for purpose, call in self.calls.items():
            entry = self.journal.find(purpose)
            assert entry is not None
            assert (call.data in done) == (entry.stage is Stage.FINAL), "the journal tells what is so"
        self._database.close()
        self._folder.cleanup()

    # --- the household --------------------------------------------------------------------------------------

    @rule(settling=st.booleans(), reverts=st.booleans())
    def plan(self, settling: bool, reverts: bool) -> None:
        self.number += 1
        purpose = f"{'redeem' if settling else 'send'}:{self.number}"
        call = Call(to="0x" + "aa" * 20, data=self.number.to_bytes(4), gas=100_000)
        if reverts:
            self.reverting.add(call.data)
        self.calls[purpose] = call
        self.journal.plan(purpose, call, self.clock)

    @rule()
    def plan_what_no_block_holds(self) -> None:
        self.number += 1
        call = Call(to="0x" + "aa" * 20, data=self.number.to_bytes(4), gas=20_000)
        self.calls[f"redeem:{self.number}"] = call
        self.journal.plan(f"redeem:{self.number}", call, self.clock)

    @rule(dies=st.none() | st.integers(0, 60))
    def step(self, dies: int | None) -> None:
        for each in (self.dying_journal, self.dying_node):
            each.left = dies
        try:
            self.sender.step(self.node.head, DEPTH)
        except Unreachable:
            assert self.node.down
        except Crash:
            self._start()
        finally:
            for each in (self.dying_journal, self.dying_node):
                each.left = None

    @rule(blocks=st.integers(1, 6))
    def time_goes_by(self, blocks: int) -> None:
        """Blocks, and a look at each."""
        for _ in range(blocks):
            self.step(None)
            self.node.mine()
        self.step(None)

    @rule()
    def restart(self) -> None:
        self._start()

    @rule(seconds=st.sampled_from([-3_600.0, 3_600.0, 5.0]))
    def clock_steps(self, seconds: float) -> None:
        self.clock += seconds

    # --- the chain ------------------------------------------------------------------------------------------

    @rule()
    def mine(self) -> None:
        self.node.mine()

    @rule(blocks=st.integers(1, STUCK_BLOCKS + 1))
    def blocks_of_others(self, blocks: int) -> None:
        self.node.pause(blocks)

    @rule()
    def the_pool_is_lost(self) -> None:
        self.node.forget()

    @rule(share=st.integers(1, 100), remembers=st.booleans())
    def reorganise(self, share: int, remembers: bool) -> None:
        self.node.reorganise(max(self.deepest * share // 100, 1), remembers)

    @rule()
    def the_node_does_not_answer(self) -> None:
        self.node.down = True
        self.step(None)
        self.node.down = False

    @rule(words=st.sampled_from(["txpool is full", "replacement transaction underpriced"]))
    def the_node_refuses(self, words: str) -> None:
        self.node.refuses = words
        self.step(None)
        self.node.refuses = ""

    @rule()
    def another_program_sends(self) -> None:
        self.node.another_program_sends()

    @precondition(lambda self: self.node.pool)
    @rule(tips=st.randoms(use_true_random=False))
    def an_older_signature_comes_back(self, tips: Any) -> None:
        """Another node had kept it."""
        known = [
            (entry.nonce, signature)
            for entry in self.journal.under_way()
            for signature in self.journal.signatures(entry)
            if entry.nonce is not None
        ]
        if known:
            nonce, signature = tips.choice(known)
            tx = parsed(signature.signed.raw, ACCOUNT.address) if signature.signed.raw else None
            if tx and tx.gas >= 21_000 and nonce >= self.node.nonce_in_chain():
                self.node.pool[nonce] = tx

    # --- what always holds ----------------------------------------------------------------------------------

    @invariant()
    def done_once(self) -> None:
        done = [tx.data for tx in self.node.done if tx.data]
        assert len(done) == len(set(done)), "a purpose is mined at most once"

    @invariant()
    def no_nonce_serves_two_intents(self) -> None:
        rows = self._database.rows(
            "SELECT nonce FROM journal WHERE nonce IS NOT NULL GROUP BY nonce HAVING count(*) > 1"
        )
        assert rows == []

    @invariant()
    def what_left_the_process_was_on_disk_first(self) -> None:
        kept = {row["hash"] for row in self._database.rows("SELECT hash FROM signatures")}
        assert set(self.node.seen) <= kept

    # --- how ------------------------------------------------------------------------------------------------

    def _opened(self) -> Database:
        return Database(Path(self._folder.name) / "trade.db", (TABLES, VOIDS))

    def _start(self) -> None:
        self._database.close()
        self._database = self._opened()
        self._database._connection.execute("PRAGMA synchronous = OFF")
        self.journal = Journal(self._database)
        self.dying_journal, self.dying_node = Dying(self.journal), Dying(self.node)
        self.sender = Sender(
            self.dying_journal, ACCOUNT, 1, self.dying_node, clock=lambda: self.clock  # type: ignore[arg-type]
        )  # fmt: skip

    def _reverts(self, tx: Tx) -> bool:
        return tx.data in self.reverting


class Deep(Household):
    """Reorganisations that undo what counted as final."""

    deepest = DEEP


TestHousehold = Household.TestCase
TestHousehold.settings = settings(deadline=None, max_examples=thorough(15, 600), stateful_step_count=60)
TestDeep = Deep.TestCase
TestDeep.settings = settings(deadline=None, max_examples=thorough(15, 600), stateful_step_count=60)
