"""The market as its rules read, in plain Python: what the contracts on a chain are compared with.

It knows no storage, gas, signatures or ABI; amounts are integers in base units, energies in mWh. `apply` does
what the rules allow and answers whether they do, so a model and a chain can be led through the same sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

MARKET = "market"
BUYERS = ("alder", "birch", "cedar")


def buyer_of(order: int) -> str:
    """Orders are numbered here; each number is one household's to fund."""
    return BUYERS[order % len(BUYERS)]


@dataclass(frozen=True)
class SetOffer:
    contact: int
    price: int
    least: int
    most: int


@dataclass(frozen=True)
class Buy:
    order: int
    """Its number; sent by `buyer_of` it."""
    seller: str
    contact: int
    energy: int
    price: int
    at_once: bool
    """By approveAndCall, of `paying`; else from the allowance."""
    paying: int


@dataclass(frozen=True)
class Approve:
    amount: int


@dataclass(frozen=True)
class Redeem:
    order: int
    energy: int
    signer: str


@dataclass(frozen=True)
class Release:
    order: int


@dataclass(frozen=True)
class RequestClose:
    order: int


@dataclass(frozen=True)
class Reclaim:
    order: int


@dataclass(frozen=True)
class Transfer:
    to: str
    amount: int


@dataclass(frozen=True)
class Burn:
    amount: int


@dataclass(frozen=True)
class Mint:
    to: str
    amount: int


@dataclass(frozen=True)
class Pause:
    paused: bool


@dataclass(frozen=True)
class Admit:
    account: str
    admitted: bool


Act = (
    SetOffer
    | Buy
    | Approve
    | Redeem
    | Release
    | RequestClose
    | Reclaim
    | Transfer
    | Burn
    | Mint
    | Pause
    | Admit
)


@dataclass
class Offer:
    price: int = 0
    least: int = 0
    most: int = 0
    queue: list[int] = field(default_factory=list)
    """The open order, and its successor."""


@dataclass
class Order:
    seller: str
    contact: int
    energy: int
    price: int
    state: str
    supply_end: int = 0
    reclaim_from: int = 0
    paid_energy: int = 0


def cost(energy: int, price: int) -> int:
    return energy * price // 1_000_000


@dataclass
class Model:
    authority: str
    supply: int
    challenge: int
    """Blocks."""
    balances: dict[str, int]
    admitted: set[str]
    allowed: dict[str, int] = field(default_factory=dict)
    offers: dict[tuple[str, int], Offer] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    paused: bool = False

    def apply(self, sender: str, act: Act, block: int) -> bool:
        match act:
            case SetOffer():
                return self.offer(sender, act)
            case Buy():
                return self.buy(sender, act, block)
            case Approve(amount):
                self.allowed[sender] = amount
                return True
            case Redeem(number, energy, signer):
                order = self.live(number)
                if order is None or order.seller != sender or signer != buyer_of(number):
                    return False
                return self.settle(number, order, min(energy, order.energy), "REDEEMED", block)
            case Release(number):
                order = self.live(number)
                if order is None or order.seller != sender:
                    return False
                return self.settle(number, order, 0, "RELEASED", block)
            case RequestClose(number):
                order = self.live(number)
                if order is None or sender != buyer_of(number) or order.state == "CLOSING":
                    return False
                order.state, order.reclaim_from = "CLOSING", block + self.challenge
                return True
            case Reclaim(number):
                order = self.live(number)
                if order is None or sender != buyer_of(number) or order.state != "CLOSING":
                    return False
                return block >= order.reclaim_from and self.settle(number, order, 0, "RECLAIMED", block)
            case Transfer(to, amount):
                return self.move(sender, to, amount)
            case Burn(amount):
                return self.move(sender, None, amount)
            case Mint(to, amount):
                return sender == self.authority and self.move(None, to, amount)
            case Pause(paused):
                self.paused = paused if sender == self.authority else self.paused
                return sender == self.authority
            case Admit(account, admitted):
                if sender != self.authority:
                    return False
                (self.admitted.add if admitted else self.admitted.discard)(account)
                return True
        assert_never(act)

    def offer(self, seller: str, act: SetOffer) -> bool:
        offer = self.offers.setdefault((seller, act.contact), Offer())
        if act.most == 0:
            offer.price, offer.least, offer.most = 0, 0, 0
            return True
        least = max(act.least, 1)
        if seller not in self.admitted or act.price == 0 or least > act.most:
            return False
        offer.price, offer.least, offer.most = act.price, least, act.most
        return True

    def buy(self, buyer: str, act: Buy, block: int) -> bool:
        offer = self.offers.get((act.seller, act.contact), Offer())
        due = cost(act.energy, act.price)
        if self.paused or not {buyer, act.seller} <= self.admitted or buyer == act.seller:
            return False
        if act.price != offer.price or not offer.least <= act.energy <= offer.most or due == 0:
            return False
        if act.order in self.orders or len(offer.queue) == 2:
            return False
        if offer.queue and buyer_of(offer.queue[0]) != buyer:
            return False
        if act.paying != due if act.at_once else self.allowed.get(buyer, 0) < due:
            return False
        if not self.move(buyer, MARKET, due):
            return False
        self.allowed[buyer] = 0 if act.at_once else self.allowed[buyer] - due
        waits = bool(offer.queue)
        offer.queue.append(act.order)
        self.orders[act.order] = Order(
            act.seller, act.contact, act.energy, act.price,
            "WAITING" if waits else "OPEN", 0 if waits else block + self.supply,
        )  # fmt: skip
        return True

    def live(self, number: int) -> Order | None:
        order = self.orders.get(number)
        return order if order is not None and order.state in {"WAITING", "OPEN", "CLOSING"} else None

    def settle(self, number: int, order: Order, energy: int, how: str, block: int) -> bool:
        paid = cost(energy, order.price)
        self.move(MARKET, order.seller, paid)
        self.move(MARKET, buyer_of(number), cost(order.energy, order.price) - paid)
        order.state, order.paid_energy = how, energy
        queue = self.offers[order.seller, order.contact].queue
        queue.remove(number)
        if queue and self.orders[queue[0]].state == "WAITING":
            self.orders[queue[0]].state = "OPEN"
            self.orders[queue[0]].supply_end = block + self.supply
        return True

    def move(self, giver: str | None, taker: str | None, amount: int) -> bool:
        """From nobody: minted; to nobody: burned."""
        if giver is not None:
            if self.balances.get(giver, 0) < amount:
                return False
            self.balances[giver] -= amount
        if taker is not None:
            self.balances[taker] = self.balances.get(taker, 0) + amount
        return True
