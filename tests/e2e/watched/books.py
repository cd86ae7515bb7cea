"""What a neighbourhood has settled, booked and reported."""

from __future__ import annotations

from node.client_interaction.trade import Trade
from node.client_interaction.trades import open_trades
from node.reports.book import open_book
from simulation.demo import ledger
from simulation.demo.ledger import Order
from tests.e2e.neighbourhood import Neighbourhood


def settled(street: Neighbourhood) -> list[Order]:
    """The trades that are settled on chain and in the buyer's books."""
    booked = {b.trade.order for name in street.names for b in street.books(name) if b.trade.final}
    return [order for order in ledger.settled(street.orders()) if order.id in booked]


def reported(street: Neighbourhood) -> list[tuple[str, str, Trade]]:
    """The trades that are settled in both households' books, and whose readings both have reported since.

    Buyer, seller, and the buyer's book.
    """
    ended = {order.id for order in ledger.settled(street.orders())}
    found = []
    for buyer in street.names:
        for book in street.books(buyer):
            seller = book.trade.partner
            if book.trade.order not in ended or not booked(street, seller, book.trade.order):
                continue
            # After its end a contact's last sample is read within 2 s, and stored within 5 s.
            if all(covered(street, name) > book.trade.changed + 10 for name in (buyer, seller)):
                found.append((buyer, seller, book.trade))
    return found


def booked(street: Neighbourhood, household: str, order: str) -> bool:
    """Whether a household has a trade's end in its books."""
    with open_trades(street.folder / household / "state" / "trade.db") as reader:
        trade = reader.trade(order)
    return trade is not None and trade.final


def covered(street: Neighbourhood, household: str) -> float:
    """Unix seconds until which a household's readings are reported for good."""
    with open_book(street.folder / household / "state" / "trade.db") as book:
        ends = [entry.covered.span.end for entry in book.all() if entry.stage == "final"]
    return max(ends, default=0)
