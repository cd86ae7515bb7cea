"""What the chain says about all orders, and whether its books close: every token minted is somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chain.client import ChainClient
from chain.confirmations import depth
from contracts.bindings import Token
from contracts.codec import Decoded, decode_log
from contracts.manifest import Manifest


@dataclass(frozen=True)
class Record:
    """One event of the market, with where it happened."""

    event: Decoded
    transaction: str
    block: int


@dataclass
class Order:
    """An order as its events tell it. Energies in mWh, tokens in base units."""

    id: str
    buyer: str
    seller: str
    contact: int
    energy: int
    price: int
    cost: int
    state: str = "open"
    vouchered: int | None = None
    paid: int = 0
    refunded: int = 0
    transactions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def locked(self) -> int:
        """What is still in escrow."""
        return self.cost - self.paid - self.refunded


TITLES = {
    "OrderFunded": "buy",
    "OrderPromoted": "promoted",
    "OrderRedeemed": "redeem",
    "OrderReleased": "release",
    "CloseRequested": "request-close",
    "OrderReclaimed": "reclaim",
}
ENDS = {"OrderRedeemed": "settled", "OrderReleased": "released", "OrderReclaimed": "reclaimed"}


def fold(records: Iterable[Record]) -> dict[str, Order]:
    """All orders by id, from the market's events in their order."""
    orders: dict[str, Order] = {}
    for record in records:
        name, fields = record.event.name, record.event.fields
        if name not in TITLES:
            continue
        order_id = "0x" + fields["orderId"].hex()
        if name == "OrderFunded":
            orders[order_id] = Order(
                id=order_id,
                buyer=fields["buyer"],
                seller=fields["seller"],
                contact=fields["contact"],
                energy=fields["energy"],
                price=fields["price"],
                cost=fields["cost"],
            )
        order = orders[order_id]
        if name != "OrderPromoted":
            order.transactions.append(
                {"what": TITLES[name], "hash": record.transaction, "block": record.block}
            )
        if name in ENDS:
            order.state = ENDS[name]
            order.refunded = fields["refunded"]
            order.paid = fields.get("paid", 0)
            order.vouchered = fields.get("energy")
        elif name == "CloseRequested":
            order.state = "closing"
    return orders


def settled(orders: Mapping[str, Order]) -> list[Order]:
    """The orders that were paid for energy, in the order of their settlement."""
    paid = [order for order in orders.values() if order.state == "settled" and order.vouchered]
    return sorted(paid, key=lambda order: int(order.transactions[-1]["block"]))


def read(client: ChainClient, manifest: Manifest, last: int) -> dict[str, Order]:
    """All orders up to a block.

    Raises:
        ChainError: the node does not answer.
    """
    records = []
    for entry in client.logs(manifest.current, [], manifest.block, last):
        event = decode_log(entry.topics, entry.data, "EnergyMarket")
        if event is not None:
            records.append(Record(event, entry.transaction, entry.block))
    return fold(records)


def final(client: ChainClient, signers: int) -> int:
    """The last block that counts.

    Raises:
        ChainError: the node does not answer.
    """
    return max(client.block_number() - depth(signers), 0)


def conservation(
    client: ChainClient, manifest: Manifest, accounts: Mapping[str, str], block: int
) -> dict[str, Any]:
    """Whether the books close at a block, in exact base units.

    Args:
        accounts: household → account.

    Raises:
        ChainError: the node does not answer.
    """
    token = Token(client, manifest.token)
    orders = read(client, manifest, block).values()
    balances = {name: token.balance(account, block).value for name, account in accounts.items()}
    return closed_books(
        minted=token.supply(block).value,
        balances=balances,
        escrow=token.balance(manifest.current, block).value,
        orders=list(orders),
        block=block,
    )


def closed_books(
    *, minted: int, balances: Mapping[str, int], escrow: int, orders: Iterable[Order], block: int
) -> dict[str, Any]:
    """Both equations: minted = balances + escrow, and escrow in = paid + refunded + locked (= escrow)."""
    listed = list(orders)
    into = sum(order.cost for order in listed)
    paid = sum(order.paid for order in listed)
    refunded = sum(order.refunded for order in listed)
    locked = sum(order.locked for order in listed)
    exact = minted == sum(balances.values()) + escrow and into == paid + refunded + escrow
    return {
        "block": block,
        "minted": minted,
        "balances": dict(balances),
        "escrow": escrow,
        "escrow_in": into,
        "paid": paid,
        "refunded": refunded,
        "locked": locked,
        "exact": exact and locked == escrow,
    }
