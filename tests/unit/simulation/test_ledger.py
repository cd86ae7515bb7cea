from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import Decoded
from simulation.demo.ledger import Record, closed_books, fold, settled

ALDER, BIRCH = "0xA1", "0xB1"
PRICE = 280 * 10**18


def record(name: str, order: int, block: int, **fields: object) -> Record:
    known = {"orderId": order.to_bytes(32, "big"), "buyer": BIRCH, "seller": ALDER, **fields}
    return Record(Decoded("EnergyMarket", name, known), f"0x{name}{order}", block)


def funded(order: int, block: int, energy: int = 1_000) -> Record:
    cost = energy * PRICE // 10**6
    return record("OrderFunded", order, block, contact=1, energy=energy, price=PRICE, cost=cost, supplyEnd=0)


def redeemed(order: int, block: int, energy: int, bought: int = 1_000) -> Record:
    paid = energy * PRICE // 10**6
    refunded = bought * PRICE // 10**6 - paid
    return record("OrderRedeemed", order, block, energy=energy, paid=paid, refunded=refunded)


def test_an_order_is_told_by_its_events() -> None:
    orders = fold([funded(1, 10), redeemed(1, 25, energy=700)])
    [order] = orders.values()
    assert (order.state, order.vouchered, order.energy) == ("settled", 700, 1_000)
    assert order.paid + order.refunded == order.cost
    assert [(t["what"], t["block"]) for t in order.transactions] == [("buy", 10), ("redeem", 25)]


def test_only_orders_paid_for_energy_are_settled_trades_in_the_order_of_settlement() -> None:
    released = record("OrderReleased", 3, 30, refunded=280 * 10**15)
    events = [funded(n, n) for n in (1, 2, 3, 4, 5)]
    events += [redeemed(2, 20, 500), redeemed(1, 25, 700), released, redeemed(4, 31, 0)]
    orders = fold(events)
    assert [int(order.id, 16) for order in settled(orders)] == [2, 1]
    assert orders["0x" + (5).to_bytes(32, "big").hex()].state == "open"


def test_what_is_not_about_orders_is_left_out() -> None:
    offer = Record(Decoded("EnergyMarket", "OfferSet", {"seller": ALDER}), "0x1", 5)
    promoted = record("OrderPromoted", 1, 12, energy=1_000, supplyEnd=99)
    closing = record("CloseRequested", 1, 13, escrow=1, reclaimFrom=70)
    [order] = fold([offer, funded(1, 10), promoted, closing]).values()
    assert order.state == "closing"
    assert [t["what"] for t in order.transactions] == ["buy", "request-close"]


@given(st.lists(st.tuples(st.integers(1, 3_000), st.floats(0, 1)), max_size=20), st.integers(0, 10**24))
def test_books_close_when_every_token_is_somewhere(orders: list[tuple[int, float]], minted: int) -> None:
    events = []
    for number, (energy, share) in enumerate(orders):
        events.append(funded(number, number, energy))
        if share > 0.2:
            events.append(redeemed(number, 100 + number, round(energy * share), energy))
    folded = list(fold(events).values())
    escrow = sum(order.locked for order in folded)
    paid = sum(order.paid for order in folded)
    balances = {"alder": paid, "birch": minted - paid - escrow}
    books = closed_books(minted=minted, balances=balances, escrow=escrow, orders=folded, block=1)
    assert books["exact"]
    wrong = closed_books(
        minted=minted, balances={**balances, "birch": 1}, escrow=escrow, orders=folded, block=1
    )
    assert wrong["exact"] == (balances["birch"] == 1)


def test_a_single_lost_unit_is_seen() -> None:
    [order] = fold([funded(1, 10), redeemed(1, 20, 700)]).values()
    order.refunded -= 1
    books = closed_books(minted=10**24, balances={"a": 10**24}, escrow=0, orders=[order], block=1)
    assert not books["exact"]
