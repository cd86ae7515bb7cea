"""The bindings read the contracts' state into typed records, at the block that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from chain.keys import checksum
from contracts.bindings import Household, Market, OrderArgs, Registry, Role, State, Token
from contracts.codec import decode_call
from contracts.errors import Unencodable, WrongContract
from contracts.messages import order_id
from quantities import Energy, Price, Tokens
from tests.unit.contracts.chain_of_fakes import FakeChain

MARKET, TOKEN, REGISTRY, BUYER, SELLER = (checksum(bytes([n]) * 20) for n in (1, 2, 3, 4, 5))
ORDER, NEXT, NONE = b"\1" * 32, b"\2" * 32, bytes(32)

OFFER = ["(uint128,uint64,uint64,uint64,bytes32,bytes32)"]
STORED = ["(address,uint32,uint64,address,uint64,uint8,uint128,uint64,uint64)"]
HOUSEHOLD = "(address,uint8,bool,string,string,string)"


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


def offered(chain: FakeChain, *fields: Any) -> None:
    chain.answer(MARKET, "offer(address,uint32)", [SELLER, 1], OFFER, [fields])


def ordered(
    chain: FakeChain, state: State, supply_end: int = 0, reclaim_from: int = 0, paid: int = 0
) -> None:
    fields = (BUYER, 1, 2_000, SELLER, supply_end, int(state), 10**18, reclaim_from, paid)
    chain.answer(MARKET, "order(bytes32)", [ORDER], STORED, [fields])


def test_an_offer_is_read_with_its_orders(chain: FakeChain) -> None:
    offered(chain, 10**18, 100, 5_000, 200, ORDER, NEXT)
    offer = Market(chain, MARKET).offer(SELLER, 1, 97)
    assert offer is not None
    assert (offer.price, offer.min_energy, offer.max_energy) == (Price(10**18), Energy(100), Energy(5_000))
    assert (offer.open, offer.next) == (ORDER, NEXT)
    assert offer.live(200)
    assert not offer.live(201)
    assert chain.asked[0][2] == 97


def test_what_was_never_offered_is_no_offer(chain: FakeChain) -> None:
    offered(chain, 0, 0, 0, 0, NONE, NONE)
    assert Market(chain, MARKET).offer(SELLER, 1) is None


def test_a_withdrawn_offer_is_still_there_while_an_order_runs_but_takes_no_more(chain: FakeChain) -> None:
    offered(chain, 0, 0, 0, 0, ORDER, NONE)
    offer = Market(chain, MARKET).offer(SELLER, 1)
    assert offer is not None
    assert (offer.open, offer.next) == (ORDER, None)
    assert not offer.live(0)


def test_an_open_order_holds_its_cost_in_escrow(chain: FakeChain) -> None:
    ordered(chain, State.OPEN, supply_end=300)
    order = Market(chain, MARKET).order(ORDER)
    assert order is not None
    assert (order.buyer, order.seller, order.contact) == (BUYER, SELLER, 1)
    assert (order.supply_end, order.reclaim_from) == (300, None)
    assert order.cost == order.escrow == Tokens(2 * 10**15)
    assert order.paid == order.refunded == Tokens(0)


def test_a_redeemed_order_says_what_was_paid_and_what_came_back(chain: FakeChain) -> None:
    ordered(chain, State.REDEEMED, paid=1_500)
    order = Market(chain, MARKET).order(ORDER)
    assert order is not None
    assert (order.escrow, order.paid, order.refunded) == (Tokens(0), Tokens(15 * 10**14), Tokens(5 * 10**14))


@pytest.mark.parametrize("state", [State.RELEASED, State.RECLAIMED])
def test_an_order_given_back_is_refunded_whole(chain: FakeChain, state: State) -> None:
    ordered(chain, state)
    order = Market(chain, MARKET).order(ORDER)
    assert order is not None
    assert (order.escrow, order.paid, order.refunded) == (Tokens(0), Tokens(0), order.cost)


def test_a_waiting_order_has_no_end_of_supply_yet(chain: FakeChain) -> None:
    ordered(chain, State.WAITING)
    order = Market(chain, MARKET).order(ORDER)
    assert order is not None
    assert order.supply_end is None
    assert order.state.live


def test_an_unknown_order_is_none(chain: FakeChain) -> None:
    fields = (checksum(bytes(20)), 0, 0, checksum(bytes(20)), 0, 0, 0, 0, 0)
    chain.answer(MARKET, "order(bytes32)", [ORDER], STORED, [fields])
    assert Market(chain, MARKET).order(ORDER) is None


def test_where_no_market_stands_the_address_is_named(chain: FakeChain) -> None:
    with pytest.raises(WrongContract, match=f"{MARKET} does not answer order"):
        Market(chain, MARKET).order(ORDER)


def test_the_markets_terms_are_read(chain: FakeChain) -> None:
    chain.answer(MARKET, "supplyBlocks()", [], ["uint64"], [60])
    chain.answer(MARKET, "challengeBlocks()", [], ["uint64"], [30])
    chain.answer(MARKET, "nextReport(address)", [SELLER], ["uint64"], [7])
    chain.answer(MARKET, "ordersPaused()", [], ["bool"], [True])
    chain.answer(MARKET, "owner()", [], ["address"], [BUYER])
    market = Market(chain, MARKET)
    assert (market.supply_blocks(), market.challenge_blocks(), market.next_report(SELLER)) == (60, 30, 7)
    assert (market.paused(55), market.owner()) == (True, BUYER)
    assert chain.asked[3][2] == 55


def test_an_order_knows_its_id_before_it_is_sent() -> None:
    order = OrderArgs(b"\7" * 32, SELLER, 1, Energy(1), Price(1))
    assert order.id(4711, MARKET, BUYER) == order_id(4711, MARKET, BUYER, b"\7" * 32)


def test_an_order_that_the_chain_cannot_carry_is_refused_before_it_is_signed() -> None:
    with pytest.raises(Unencodable):
        Market.encode_buy(OrderArgs(b"short", SELLER, 1, Energy(1), Price(1)))
    with pytest.raises(Unencodable):
        Market.encode_buy(OrderArgs(b"\7" * 32, SELLER, 1, Energy(-1), Price(1)))


def test_balances_are_tokens(chain: FakeChain) -> None:
    chain.answer(TOKEN, "balanceOf(address)", [BUYER], ["uint256"], [5])
    chain.answer(TOKEN, "totalSupply()", [], ["uint256"], [9])
    chain.answer(TOKEN, "mintable()", [], ["uint256"], [4])
    chain.answer(TOKEN, "allowance(address,address)", [BUYER, MARKET], ["uint256"], [3])
    chain.answer(TOKEN, "symbol()", [], ["string"], ["NET"])
    token = Token(chain, TOKEN)
    assert (token.balance(BUYER), token.supply(), token.mintable()) == (Tokens(5), Tokens(9), Tokens(4))
    assert (token.allowance(BUYER, MARKET), token.symbol()) == (Tokens(3), "NET")


def test_the_token_says_who_mints_and_who_owns_it(chain: FakeChain) -> None:
    chain.answer(TOKEN, "minter()", [], ["address"], [BUYER])
    chain.answer(TOKEN, "owner()", [], ["address"], [SELLER])
    assert (Token(chain, TOKEN).minter(), Token(chain, TOKEN).owner()) == (BUYER, SELLER)
    chain.answer(TOKEN, "minter()", [], ["address"], [checksum(bytes(20))])
    assert Token(chain, TOKEN).minter() is None


def test_what_the_authority_and_the_holders_write_is_what_the_contracts_read() -> None:
    def read(data: bytes, contract: str) -> str:
        return str(decode_call(data, contract))

    assert read(Market.encode_pause(), "EnergyMarket") == "pauseOrders()"
    assert read(Market.encode_resume(), "EnergyMarket") == "resumeOrders()"
    assert read(Token.encode_set_minter(BUYER), "EnergyToken") == f"setMinter(account={BUYER})"
    assert read(Token.encode_set_minter(None), "EnergyToken") == f"setMinter(account={checksum(bytes(20))})"
    assert read(Token.encode_burn(Tokens(7)), "EnergyToken") == "burn(value=7)"


def entry(n: int) -> tuple[Any, ...]:
    return (checksum(bytes([n]) * 20), n % 3, n % 2 == 0, f"house {n}", f"enode://{n}", f"10.0.0.{n}:15555")


def test_households_are_read_page_by_page(chain: FakeChain) -> None:
    asked = "households(uint256,uint256)"
    chain.answer(REGISTRY, asked, [0, 50], [HOUSEHOLD + "[]"], [[entry(n) for n in range(50)]])
    chain.answer(REGISTRY, asked, [50, 50], [HOUSEHOLD + "[]"], [[entry(50)]])
    found = Registry(chain, REGISTRY).households(80)
    assert len(found) == 51
    account = checksum(bytes([7]) * 20)
    assert found[7] == Household(account, "house 7", Role.CONSUMER, "enode://7", "10.0.0.7:15555", False)
    assert {block for _, _, block in chain.asked} == {80}


def test_an_unknown_account_is_no_household(chain: FakeChain) -> None:
    empty = (checksum(bytes(20)), 0, False, "", "", "")
    chain.answer(REGISTRY, "household(address)", [BUYER], [HOUSEHOLD], [empty])
    chain.answer(REGISTRY, "isAdmitted(address)", [BUYER], ["bool"], [False])
    registry = Registry(chain, REGISTRY)
    assert registry.household(BUYER) is None
    assert not registry.admitted(BUYER)
