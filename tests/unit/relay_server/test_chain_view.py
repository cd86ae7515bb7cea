"""The chain as a relay sees it, from the head that its node shows to what is supplied or ended by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from chain.errors import Unreachable
from contracts.bindings.market import Offer, Order, State
from contracts.errors import WrongContract
from quantities import Price
from relay_server.authorisation import Claim, View, authorise, check, over
from relay_server.chain_view import ASKED_AT_ONCE, ChainView, Shown
from relay_server.messages import CheckFrame, Code, Refused
from tests.unit.relay_server.bench import BUYER, FEED, ORDER, SELLER, SETTINGS, offer, on_chain

CLAIM = Claim(order=ORDER, buyer=BUYER, contact=FEED, seller=SELLER)
ASKED = CheckFrame(buyer=BUYER, contact=FEED, energy=100, price=Price.parse("0.25").value)


class GivenUp(Future[View]):
    """Its client gives up between a look at it and its answer."""

    def cancelled(self) -> bool:
        before = super().cancelled()
        self.cancel()
        return before

    def set_running_or_notify_cancel(self) -> bool:
        self.cancel()
        return super().set_running_or_notify_cancel()


def test_a_client_that_gives_up_at_the_last_moment_does_not_end_the_view() -> None:
    nothing: Any = None
    view = ChainView(nothing, tuple, lambda: 0.0)  # every look fails, and is survived
    answered: Future[View] = Future()
    view._waiting += [GivenUp(), answered]
    thread = Thread(target=view._run, daemon=True)
    thread.start()
    assert answered.result(2).stale
    view.stop()
    thread.join(2)


# --- how the chain may look, and what is done by it


@dataclass
class Node:
    """A household's chain node, and the clocks beside it."""

    now: float = 1_000.0
    """Boottime seconds: a clock that nobody sets."""
    wall: float = 1_800_000_000.0
    number: int = 50
    sealed: float = 1_800_000_000.0
    """Time in the newest block."""
    fork: str = "a"
    refusal: Exception | None = None
    deep: dict[bytes, Order] = field(default_factory=lambda: {ORDER: on_chain()})
    newest: dict[bytes, Order] = field(default_factory=lambda: {ORDER: on_chain()})
    read: list[bytes] = field(default_factory=list)
    """Orders that were read, each once for every block that it was read at."""

    def head(self) -> Shown:
        if self.refusal:
            raise self.refusal
        name = f"{self.fork}{self.number}"
        return Shown(number=self.number, hash=name, timestamp=int(self.sealed), signers=3, period=5.0)

    def orders(self, ids: Iterable[bytes], block: int) -> Mapping[bytes, Order | None]:
        state = self.newest if block == self.number else self.deep
        asked = list(ids)
        self.read += asked
        return {id_: state.get(id_) for id_ in asked}

    def offers(self, block: int) -> Mapping[int, Offer | None]:
        return {FEED: offer(ORDER)}

    def paused(self, block: int) -> bool:
        return False

    def wait(self, seconds: float, *, blocks: bool = True) -> None:
        """Time goes by, five seconds a block."""
        self.now += seconds
        self.wall += seconds
        if blocks:
            self.number += int(seconds / 5)
            self.sealed += seconds


class Relay:
    """The chain view and what the relay decides by it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.chain = ChainView(node, lambda: [ORDER], lambda: node.now, wall=lambda: node.wall)
        self.chain.look()

    def closes(self) -> Code | None:
        """What a CLOSE for the order meets."""
        answer = authorise(self.chain.look(), CLAIM, self.node.now)
        return answer.code if isinstance(answer, Refused) else None

    def checks(self) -> Code | None:
        """What a CHECK meets."""
        answer = check(self.chain.look(), ASKED, self.node.now)
        return answer.code if answer else None

    def ends(self) -> str | None:
        """Why a running supply of the order is ended."""
        return over(self.chain.look(), ORDER, SETTINGS, self.node.now)


def watched() -> Relay:
    """A relay that has seen its chain advance."""
    relay = Relay(Node())
    relay.node.wait(5)
    assert relay.closes() is None
    return relay


def test_a_fresh_chain_decides() -> None:
    relay = watched()
    assert (relay.closes(), relay.checks(), relay.ends()) == (None, None, None)
    relay.node.newest[ORDER] = on_chain(state=State.CLOSING)
    relay.node.wait(5)
    assert relay.closes() is Code.ENDED
    assert "close the order" in str(relay.ends())


def asked_for(relay: Relay, order: bytes) -> View:
    """The view after a stranger has asked for an order."""
    relay.chain.asked(order)
    return relay.chain.look()


def test_a_crowd_that_asks_for_orders_costs_one_read_each_at_a_head_and_all_of_them_at_the_next() -> None:
    relay = watched()
    strange = [bytes([n]) * 32 for n in range(101, 111)]
    for order in strange:
        relay.node.read.clear()
        view = asked_for(relay, order)
        assert relay.node.read == [order, order]  # as confirmed, and in the newest block
        assert view.confirmed[ORDER] == on_chain()
        assert view.latest[order] is None
    relay.node.read.clear()
    relay.node.wait(5)
    relay.chain.look()
    assert sorted(relay.node.read) == sorted([ORDER, *strange] * 2)


def test_what_a_crowd_asks_for_does_not_pile_up_while_the_chain_stands_still() -> None:
    relay = watched()
    for n in range(3 * ASKED_AT_ONCE):
        view = asked_for(relay, n.to_bytes(32, "big"))
    assert len(view.latest) == len(view.confirmed) == ASKED_AT_ONCE + 1  # and the one that is supplied
    assert view.confirmed[ORDER] == on_chain()


def test_at_boot_nothing_is_supplied_before_the_chain_was_seen_to_advance() -> None:
    relay = Relay(Node())
    assert relay.closes() is Code.STALE_CHAIN
    relay.node.wait(5)
    assert relay.closes() is None


def test_a_stale_chain_begins_nothing_and_ends_a_supply_after_ten_minutes_only() -> None:
    relay = watched()
    relay.node.sealed -= 3_600  # this node lags an hour behind the others, and catches up slowly
    relay.node.newest.clear()
    relay.node.wait(5)
    assert (relay.closes(), relay.checks()) == (Code.STALE_CHAIN, Code.STALE_CHAIN)
    relay.node.wait(590)
    assert relay.ends() is None, "what an old head does not show may be there all the same"
    relay.node.wait(10)
    assert "cannot be relied on since 600 s" in str(relay.ends())


def test_a_stalled_chain_begins_nothing_and_ends_a_supply_after_ten_minutes_only() -> None:
    relay = watched()
    relay.node.wait(30, blocks=False)
    assert (relay.closes(), relay.checks()) == (Code.STALE_CHAIN, Code.STALE_CHAIN)
    relay.node.wait(570, blocks=False)
    assert relay.ends() is None
    relay.node.wait(0.2, blocks=False)
    assert "stands still since 600 s" in str(relay.ends())


def test_a_clock_in_the_past_at_boot_supplies_nothing_until_it_is_set() -> None:
    relay = Relay(Node(wall=0.0))
    relay.node.wait(5)
    assert (relay.closes(), relay.checks()) == (Code.STALE_CHAIN, Code.STALE_CHAIN)
    assert "this host's clock is wrong" in str(relay.chain.view.stale)
    relay.node.wall = relay.node.sealed + 2
    assert relay.closes() is None


def test_a_clock_that_is_set_wrong_meanwhile_ends_a_supply_after_ten_minutes_only() -> None:
    relay = watched()
    relay.node.wall -= 3_600
    relay.node.wait(600)
    assert relay.closes() is Code.STALE_CHAIN
    assert relay.ends() is None
    relay.node.wait(5)
    assert "this host's clock is wrong" in str(relay.ends())


def test_an_order_that_a_reorganisation_took_away_is_not_supplied() -> None:
    relay = watched()
    relay.node.newest.clear()
    relay.node.fork, relay.node.number = "b", relay.node.number - 1
    assert relay.closes() is Code.ENDED
    assert "gone from the chain" in str(relay.ends()), "at once, though the new head is lower"
    relay.node.deep.clear()
    relay.node.wait(10)
    assert relay.closes() is Code.NOT_FUNDED


def test_a_node_of_another_genesis_begins_nothing_and_ends_a_supply_after_ten_minutes_only() -> None:
    relay = watched()
    relay.node.refusal = WrongContract(
        "the node's genesis is 0x44…, the manifest's 0x55…: another neighbourhood"
    )
    assert relay.closes() is Code.STALE_CHAIN
    assert "another neighbourhood" in str(relay.chain.view.stale)
    relay.node.wait(600)
    assert relay.ends() is None
    relay.node.wait(0.2)
    assert relay.ends()


def test_a_node_that_does_not_answer_is_as_one_that_stands_still() -> None:
    relay = watched()
    relay.node.refusal = Unreachable("no answer")
    assert relay.closes() is Code.STALE_CHAIN
    relay.node.wait(600)
    assert relay.ends() is None
    relay.node.wait(0.2)
    assert relay.ends()
