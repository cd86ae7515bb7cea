"""Every movement of one household's tokens, with its reason, from the chain's events. Pure.

Two sources say the same: the market tells why tokens move, the token tells that they moved. Each row is made
of both, so a statement cannot show a payment that did not happen, nor leave one out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby

from chain.keys import checksum
from node.statement.errors import DoesNotAddUp
from node.statement.happened import NOBODY, Happened
from quantities import Energy, Price, Tokens


class Kind(StrEnum):
    """Why tokens moved."""

    PAID_IN = "paid in"
    """Minted for the household by the treasurer."""
    PAID_OUT = "paid out"
    """Sent to the treasurer, for money."""
    ORDERED = "ordered"
    """Set aside for an order of energy."""
    BOUGHT = "bought"
    """An order is settled: the seller was paid, the rest came back."""
    GIVEN_BACK = "given back"
    """The seller released the order: everything came back."""
    TAKEN_BACK = "taken back"
    """The seller did not settle: everything was taken back."""
    SOLD = "sold"
    """Paid for energy that a neighbour received."""
    SENT = "sent"
    RECEIVED = "received"
    BURNED = "burned"
    """Destroyed by the household itself."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One movement."""

    at: int
    """Unix seconds."""

    block: int
    transaction: str
    kind: Kind
    partner: str
    """The other account, checksummed; empty where there is none."""

    amount: Tokens
    """What the balance changed by."""

    set_aside: Tokens = field(default_factory=Tokens)
    """What the escrow of the household's own orders changed by."""

    energy: Energy = field(default_factory=Energy)
    """Ordered, bought or sold."""

    price: Price | None = None
    order: str = ""
    """Its id, 0x…"""

    paid: Tokens = field(default_factory=Tokens)
    """For the energy: by the buyer, or to the seller."""


@dataclass(frozen=True)
class _Payment:
    sender: str
    receiver: str
    amount: int


def rows(
    events: Iterable[Happened], account: str, token: str, treasurers: Collection[str] = ()
) -> Iterator[Row]:
    """What happened to a household's tokens, oldest first.

    Args:
        events: of the token and of every market that ever was, from the beginning on; others' are ignored.
        account: the household's.
        token: address of the token.
        treasurers: accounts to which tokens are sent for money.

    Raises:
        DoesNotAddUp: market and token contradict each other: an event is missing.
    """
    account = account.lower()
    bank = {each.lower() for each in treasurers}
    prices: dict[str, Price] = {}
    ordered = sorted(events, key=lambda event: (event.block, event.index))
    for _, group in groupby(ordered, key=lambda event: (event.block, event.transaction)):
        listed = list(group)
        yield from _of_transaction(listed, account, token.lower(), bank, prices)


def _of_transaction(
    events: Sequence[Happened], account: str, token: str, bank: Collection[str], prices: dict[str, Price]
) -> Iterator[Row]:
    """Trades first, each explaining its payments; whatever payment is left was made for itself."""
    made: Counter[_Payment] = Counter()
    for event in events:
        if event.address.lower() == token and event.name == "Transfer":
            f = event.fields
            payment = _Payment(f["from"].lower(), f["to"].lower(), f["value"])
            if account in (payment.sender, payment.receiver) and payment.amount:
                made[payment] += 1
    for event in events:
        if event.address.lower() == token:
            continue
        for row, payment in _of_trade(event, account, prices):
            if payment.amount:
                if not made[payment]:
                    raise DoesNotAddUp(
                        f"{event.transaction}: the market says that {payment.amount} base units went from "
                        f"{payment.sender} to {payment.receiver}, the token does not"
                    )
                made[payment] -= 1
            yield row
    first = events[0]
    for payment in made.elements():
        if payment.sender != payment.receiver:
            yield _of_payment(first, payment, account, bank)


def _of_trade(event: Happened, account: str, prices: dict[str, Price]) -> Iterator[tuple[Row, _Payment]]:
    """What a market's event means for the household, and the payment that goes with it."""
    f = event.fields
    if "orderId" not in f or account not in (f["buyer"].lower(), f["seller"].lower()):
        return
    order = "0x" + f["orderId"].hex()
    market, buyer, seller = event.address.lower(), f["buyer"].lower(), f["seller"].lower()
    base = Row(
        at=event.at, block=event.block, transaction=event.transaction, kind=Kind.ORDERED, partner=f["seller"],
        amount=Tokens(0), order=order, price=prices.get(order),
    )  # fmt: skip
    match event.name:
        case "OrderFunded":
            prices[order] = Price(f["price"])
            if buyer == account:
                cost = Tokens(f["cost"])
                row = replace(
                    base, amount=-cost, set_aside=cost, energy=Energy(f["energy"]), price=prices[order]
                )
                yield row, _Payment(buyer, market, cost.value)
        case "OrderRedeemed":
            paid, refunded, energy = Tokens(f["paid"]), Tokens(f["refunded"]), Energy(f["energy"])
            if seller == account:
                row = replace(base, kind=Kind.SOLD, partner=f["buyer"], amount=paid, energy=energy, paid=paid)
                yield row, _Payment(market, seller, paid.value)
            if buyer == account:
                row = replace(
                    base,
                    kind=Kind.BOUGHT,
                    amount=refunded,
                    set_aside=-(paid + refunded),
                    energy=energy,
                    paid=paid,
                )
                yield row, _Payment(market, buyer, refunded.value)
        case "OrderReleased" | "OrderReclaimed":
            if buyer == account:
                kind = Kind.GIVEN_BACK if event.name == "OrderReleased" else Kind.TAKEN_BACK
                refunded = Tokens(f["refunded"])
                row = replace(base, kind=kind, amount=refunded, set_aside=-refunded)
                yield row, _Payment(market, buyer, refunded.value)


def _of_payment(at: Happened, payment: _Payment, account: str, bank: Collection[str]) -> Row:
    outwards = payment.sender == account
    other = payment.receiver if outwards else payment.sender
    if other == NOBODY:
        kind = Kind.BURNED if outwards else Kind.PAID_IN
    elif other in bank and outwards:
        kind = Kind.PAID_OUT
    else:
        kind = Kind.SENT if outwards else Kind.RECEIVED
    amount = Tokens(payment.amount)
    return Row(
        at=at.at,
        block=at.block,
        transaction=at.transaction,
        kind=kind,
        partner="" if other == NOBODY else checksum(other),
        amount=-amount if outwards else amount,
    )
