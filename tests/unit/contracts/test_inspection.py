"""What the contracts' wiring should be, and what is said where it is not."""

from __future__ import annotations

from dataclasses import replace

from contracts.inspection import Inspection, MarketState
from quantities import Tokens

CURRENT = MarketState(
    address="0xC", place="current", owner="0xA", paused=False, escrow=Tokens(5), orders=1, stray=Tokens(0)
)
FORMER = replace(CURRENT, address="0xF", place="draining", paused=True)
SEEN = Inspection(
    block=9, owner="0xA", minter="0xM", supply=Tokens(9), mintable=Tokens(1), registry_owner="0xA",
    households=2, markets=(CURRENT, FORMER),
)  # fmt: skip


def test_a_neighbourhood_in_order_has_nothing_wrong() -> None:
    assert list(SEEN.wrong()) == []
    assert SEEN.drained() == []


def test_one_authority_for_all_or_it_is_said_who_obeys_whom() -> None:
    [registry] = replace(SEEN, registry_owner="0xB").wrong()
    assert registry.startswith("the registry obeys 0xB, the token 0xA")
    [market] = replace(SEEN, markets=(replace(CURRENT, owner="0xB"), FORMER)).wrong()
    assert market.startswith("the market at 0xC obeys 0xB")


def test_a_former_authority_may_still_own_a_market_that_drains() -> None:
    assert list(replace(SEEN, markets=(CURRENT, replace(FORMER, owner="0xB"))).wrong()) == []


def test_a_draining_market_that_takes_orders_is_told_with_the_command_that_helps() -> None:
    [found] = replace(SEEN, markets=(CURRENT, replace(FORMER, paused=False))).wrong()
    assert found.endswith("commonwatt contracts pause-orders --market 0xF")


def test_a_drained_market_with_orders_is_no_drained_one() -> None:
    [found] = replace(SEEN, markets=(CURRENT, replace(FORMER, place="drained"))).wrong()
    assert "1 orders are open" in found


def test_what_lies_there_by_mistake_keeps_no_market_from_draining() -> None:
    empty = replace(FORMER, orders=0, escrow=Tokens(0), stray=Tokens(7))
    assert replace(SEEN, markets=(CURRENT, empty)).drained() == ["0xF"]
