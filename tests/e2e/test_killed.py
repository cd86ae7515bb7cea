"""Any process may die at any moment of a trade: it comes back, and the trade ends settled or refunded."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.neighbourhood import Neighbourhood, neighbourhood
from tests.e2e.schedules import PROCESSES
from tests.waiting import BUSY, PATIENCE

ENDED = {"settled", "released", "reclaimed"}

hurt: dict[str, str] = {}
"""Order → what was done to it."""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    """Four households that trade until the last test is done."""
    with neighbourhood(tmp_path_factory.mktemp("street") / "four", "127.0.20.1") as running:
        yield running


@pytest.mark.parametrize("side", ["buyer", "seller"])
@pytest.mark.parametrize("process", ["client-interaction", "relay", "geth", "chain", "logger", "dapp"])
def test_a_process_killed_in_the_middle_of_a_trade_comes_back(
    street: Neighbourhood, process: str, side: str
) -> None:
    # The pages take no part in a trade: theirs may be one that was hurt before.
    buyer, seller, order = street.supplied(other_than=hurt if process != "dapp" else ())
    household = buyer if side == "buyer" else seller
    gone = street.kill(household, process)
    hurt.setdefault(order, f"{side}'s {process}")
    street.until(
        f"{household}'s {process}",
        lambda: any(p.pid not in gone for p in street.processes(household, process)),
        PATIENCE,
    )


def test_a_household_whose_every_process_is_killed_at_once_comes_back(street: Neighbourhood) -> None:
    buyer, _, order = street.supplied(other_than=hurt)
    hurt[order] = "all of the buyer's processes"
    gone = {process: street.kill(buyer, process) for process in PROCESSES if street.processes(buyer, process)}
    for process, victims in gone.items():
        street.until(
            f"{buyer}'s {process}",
            lambda p=process, v=victims: any(x.pid not in v for x in street.processes(buyer, p)),  # type: ignore[misc]
            PATIENCE,
        )


def test_a_killed_relay_lets_its_contacts_go_at_once(street: Neighbourhood) -> None:
    buyer, seller, order = street.supplied(other_than=hurt)
    line = next(x for x in street.scenario.bought_by(buyer) if x.seller == seller)
    hurt[order] = "buyer's relay"
    killed = time.time()
    street.kill(buyer, "relay")
    tie = f"{buyer}.tie-{line.tie}"
    opened = street.until(
        "the tie's opening",
        lambda: next(
            (s for s in street.switchings(tie) if not s["closed"] and s["at"] >= killed - 0.1), None
        ),
        PATIENCE,
    )
    assert opened["at"] - killed < 0.5 + BUSY


def test_a_feed_whose_buyer_is_gone_opens_within_a_lease(street: Neighbourhood) -> None:
    buyer, seller, order = street.supplied(other_than=hurt)
    line = next(x for x in street.scenario.bought_by(buyer) if x.seller == seller)
    hurt[order] = "buyer's client-interaction, stopped for longer than a lease"
    lease = street.lease(seller)
    [trader] = street.processes(buyer, "client-interaction")
    stopped = time.time()
    trader.suspend()
    try:
        feed, tie = f"{seller}.feed-{line.feed}", f"{buyer}.tie-{line.tie}"
        for contact in (feed, tie):
            opened = street.until(
                f"the opening of {contact}",
                lambda c=contact: next(  # type: ignore[misc]
                    (s for s in street.switchings(c) if not s["closed"] and s["at"] >= stopped), None
                ),
                lease + PATIENCE,
            )
            assert opened["at"] - stopped < lease + 0.5 + BUSY
    finally:
        trader.resume()


def test_then_every_hurt_trade_ends_settled_or_refunded(street: Neighbourhood) -> None:
    def ended() -> bool:
        orders = street.orders()
        return all(orders[order].state in ENDED for order in hurt)

    street.until("the end of every hurt trade", ended, 240)
    for order in hurt:
        transactions = [t["what"] for t in street.orders()[order].transactions]
        assert transactions.count("buy") == 1
        assert sum(transactions.count(end) for end in ("redeem", "release", "reclaim")) == 1


def test_then_the_buyers_books_say_the_same(street: Neighbourhood) -> None:
    for name in street.names:
        for book in street.books(name):
            if book.trade.order not in hurt:
                continue
            on_chain = street.orders()[book.trade.order]
            street.until(
                f"the end of {book.trade.order} in {name}'s books",
                lambda n=name, o=book.trade.order: any(  # type: ignore[misc]
                    b.trade.order == o and b.trade.final for b in street.books(n)
                ),
                30,
            )
            [now] = [b.trade for b in street.books(name) if b.trade.order == book.trade.order]
            assert (now.paid.value, now.refunded.value) == (on_chain.paid, on_chain.refunded)


def test_then_no_token_was_paid_twice_or_lost(street: Neighbourhood) -> None:
    books = street.conservation()
    assert books["exact"], books
    assert books["locked"] == books["escrow"]


def test_then_no_two_sources_ever_met(street: Neighbourhood) -> None:
    assert street.events("short") == []
