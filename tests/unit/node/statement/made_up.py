"""A token and a market in a few lines, which record events as the real contracts do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from chain.keys import checksum
from node.statement.happened import NOBODY, Happened

TOKEN, MARKET, OTHER_MARKET = (checksum(bytes([n]) * 20) for n in (2, 1, 9))
ALDER, BIRCH, CEDAR, BANK = (checksum(bytes([0xA0 + n]) * 20) for n in range(4))
KWH = 1_000_000
"""mWh."""


@dataclass
class Ledger:
    """Balances, and what was said about their changes. Each call is a transaction in a block of its own."""

    now: int = 1_000
    block: int = 0
    events: list[Happened] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[bytes, tuple[str, str, str, int, int]] = field(default_factory=dict)
    """Market, buyer, seller, energy, price."""

    def mint(self, to: str, amount: int) -> None:
        self._begin()
        self._move(NOBODY, to, amount)

    def burn(self, account: str, amount: int) -> None:
        self._begin()
        self._move(account, NOBODY, amount)

    def send(self, sender: str, to: str, amount: int) -> None:
        self._begin()
        self._move(sender, to, amount)

    def order(self, buyer: str, seller: str, energy: int, price: int, market: str = MARKET) -> bytes:
        self._begin()
        order = len(self.orders).to_bytes(32)
        self.orders[order] = market, buyer, seller, energy, price
        cost = energy * price // KWH
        self._say("OrderFunded", order, energy=energy, price=price, cost=cost, contact=1, supplyEnd=9)
        self._move(buyer, market, cost)
        return order

    def redeem(self, order: bytes, energy: int) -> None:
        self._begin()
        market, buyer, seller, ordered, price = self.orders[order]
        paid = energy * price // KWH
        refunded = ordered * price // KWH - paid
        self._say("OrderRedeemed", order, energy=energy, paid=paid, refunded=refunded)
        if paid:
            self._move(market, seller, paid)
        if refunded:
            self._move(market, buyer, refunded)
        del self.orders[order]

    def give_back(self, order: bytes, how: str = "OrderReleased") -> None:
        self._begin()
        market, buyer, _, energy, price = self.orders[order]
        refunded = energy * price // KWH
        self._say(how, order, refunded=refunded)
        self._move(market, buyer, refunded)
        del self.orders[order]

    def _begin(self) -> None:
        self.block += 1
        self.now += 3_600

    def _move(self, sender: str, to: str, amount: int) -> None:
        self.balances[sender] -= amount
        self.balances[to] += amount
        self._record(TOKEN, "Transfer", {"from": sender, "to": to, "value": amount})

    def _say(self, name: str, order: bytes, **fields: Any) -> None:
        market, buyer, seller, *_ = self.orders[order]
        self._record(market, name, {"orderId": order, "buyer": buyer, "seller": seller, **fields})

    def _record(self, address: str, name: str, fields: dict[str, Any]) -> None:
        self.events.append(
            Happened(
                block=self.block, index=len(self.events), at=self.now, transaction=f"0x{self.block:064x}",
                address=address, name=name, fields=fields,
            )
        )  # fmt: skip
