"""The market: offers and orders as typed records, and the calldata of everything a household does there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from contracts.abi import Struct, decode, encode
from contracts.bindings.view import Block, Calls, read
from contracts.codec import interface
from contracts.messages import order_id
from quantities import Energy, Price, Tokens

CONTRACT = "EnergyMarket"
NONE = bytes(32)

SMALLEST = Energy(1)
"""The least that an order can ask for."""


class State(IntEnum):
    """Where an order stands. `WAITING`, `OPEN` and `CLOSING` orders hold tokens in escrow."""

    NONE = 0
    WAITING = 1
    OPEN = 2
    CLOSING = 3
    REDEEMED = 4
    RELEASED = 5
    RECLAIMED = 6

    @property
    def live(self) -> bool:
        """Whether tokens are still in escrow."""
        return self in {State.WAITING, State.OPEN, State.CLOSING}


@dataclass(frozen=True)
class Offer:
    """What a seller offers at one contact, and which orders run there."""

    seller: str
    contact: int
    price: Price
    min_energy: Energy
    """The least that one order may ask for."""

    max_energy: Energy
    """The most that one order may ask for; none if the offer was withdrawn."""

    valid_until: int
    """Last block in which orders are taken."""

    open: bytes | None
    """Id of the order that runs."""

    next: bytes | None
    """Id of the order that waits behind it."""

    def live(self, block: int) -> bool:
        """Whether an order mined in this block finds the offer valid."""
        return bool(self.max_energy) and block <= self.valid_until


@dataclass(frozen=True)
class Order:
    """An order, at any time of its life."""

    id: bytes
    buyer: str
    seller: str
    contact: int
    energy: Energy
    price: Price
    state: State
    supply_end: int | None
    """Block at which the supply ends; None while the order waits behind another."""

    reclaim_from: int | None
    """Block from which the buyer can reclaim; None until it asks to close."""

    paid_energy: Energy
    """What the seller was paid for, once redeemed."""

    market: str = ""
    """The contract that holds it, and for which its vouchers are signed."""

    @property
    def cost(self) -> Tokens:
        """What its buyer put into escrow."""
        return self.price.cost(self.energy)

    @property
    def escrow(self) -> Tokens:
        """What is still in escrow."""
        return self.cost if self.state.live else Tokens(0)

    @property
    def paid(self) -> Tokens:
        """What the seller got."""
        return self.price.cost(self.paid_energy)

    @property
    def refunded(self) -> Tokens:
        """What the buyer got back."""
        return self.cost - self.escrow - self.paid


@dataclass(frozen=True)
class OrderArgs:
    """What a buyer orders. `ref` is random, and never used twice; `price` is the one that the buyer saw."""

    ref: bytes
    seller: str
    contact: int
    energy: Energy
    price: Price

    @property
    def cost(self) -> Tokens:
        """What the market takes into escrow."""
        return self.price.cost(self.energy)

    def id(self, chain_id: int, market: str, buyer: str) -> bytes:
        """The order's id, known before it is sent."""
        return order_id(chain_id, market, buyer, self.ref)

    def encode(self) -> bytes:
        """As the token hands it to the market."""
        return encode(_order_args(), {"args": self.fields()})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the data of an `approveAndCall`.

        Raises:
            UndecodableData: it is not one order.
        """
        given = decode(_order_args(), data)["args"]
        energy, price = Energy(given.pop("energy")), Price(given.pop("price"))
        return cls(energy=energy, price=price, **given)

    def fields(self) -> dict[str, Any]:
        """As the contract's struct."""
        return {
            "ref": self.ref,
            "seller": self.seller,
            "contact": self.contact,
            "energy": self.energy.mwh,
            "price": self.price.value,
        }


@dataclass(frozen=True)
class Report:
    """Production and consumption of one interval; `root` is the Merkle root of its readings."""

    interval: int
    produced: Energy
    consumed: Energy
    root: bytes


@dataclass(frozen=True)
class Market:
    """The market at an address, read through a chain client. Encoding needs no client.

    Every reader raises `WrongContract` if something else answers, and what the client raises.
    """

    client: Calls
    address: str

    def offer(self, seller: str, contact: int, block: Block = "latest") -> Offer | None:
        """The offer at a contact, with the orders that run there; None if there never was one."""
        found = self._read(block, "offer", seller, contact)
        if not (found["maxEnergy"] or found["open"] != NONE):
            return None
        return Offer(
            seller=seller,
            contact=contact,
            price=Price(found["price"]),
            min_energy=Energy(found["minEnergy"]),
            max_energy=Energy(found["maxEnergy"]),
            valid_until=found["validUntil"],
            open=_id(found["open"]),
            next=_id(found["next"]),
        )

    def order(self, order: bytes, block: Block = "latest") -> Order | None:
        """An order as it stood at a block; None if there is none of that id."""
        found = self._read(block, "order", order)
        if State(found["state"]) is State.NONE:
            return None
        return Order(
            id=order,
            buyer=found["buyer"],
            seller=found["seller"],
            contact=found["contact"],
            energy=Energy(found["energy"]),
            price=Price(found["price"]),
            state=State(found["state"]),
            supply_end=found["supplyEnd"] or None,
            reclaim_from=found["reclaimFrom"] or None,
            paid_energy=Energy(found["paidEnergy"]),
            market=self.address,
        )

    def paused(self, block: Block = "latest") -> bool:
        """Whether the authority has paused new orders; all else goes on."""
        return bool(self._read(block, "ordersPaused"))

    def owner(self, block: Block = "latest") -> str:
        """The authority, which pauses and resumes new orders."""
        return str(self._read(block, "owner"))

    def next_report(self, household: str, block: Block = "latest") -> int:
        """The lowest interval that a household can report next."""
        return int(self._read(block, "nextReport", household))

    def supply_blocks(self, block: Block = "latest") -> int:
        """How many blocks an order may be supplied for."""
        return int(self._read(block, "supplyBlocks"))

    def challenge_blocks(self, block: Block = "latest") -> int:
        """How many blocks a seller has to redeem after the buyer asked to close."""
        return int(self._read(block, "challengeBlocks"))

    def token(self, block: Block = "latest") -> str:
        """Address of the token that the market takes."""
        return str(self._read(block, "token"))

    def registry(self, block: Block = "latest") -> str:
        """Address of the registry that the market asks."""
        return str(self._read(block, "registry"))

    @staticmethod
    def encode_set_offer(
        contact: int, price: Price, max_energy: Energy, valid_until: int, min_energy: Energy = SMALLEST
    ) -> bytes:
        """Make or change the sender's offer; `valid_until` is the last block in which orders are taken."""
        return _call("setOffer", contact, price.value, min_energy.mwh, max_energy.mwh, valid_until)

    @staticmethod
    def encode_withdraw_offer(contact: int) -> bytes:
        """Take no more orders at a contact; those that run go on."""
        return _call("setOffer", contact, 0, 0, 0, 0)

    @staticmethod
    def encode_buy(order: OrderArgs) -> bytes:
        """Fund an order from an approval given before."""
        return _call("buy", order.fields())

    @staticmethod
    def encode_redeem(order: bytes, energy: Energy, signature: bytes) -> bytes:
        """Be paid by the buyer's voucher; `signature` is the buyer's on `messages.voucher_digest`."""
        return _call("redeem", [order, energy.mwh], signature)

    @staticmethod
    def encode_release(order: bytes) -> bytes:
        """Give an order back whole, as its seller."""
        return _call("release", order)

    @staticmethod
    def encode_request_close(order: bytes) -> bytes:
        """Begin the challenge window, as the order's buyer."""
        return _call("requestClose", order)

    @staticmethod
    def encode_reclaim(order: bytes) -> bytes:
        """Take the escrow back after the challenge window, as the order's buyer."""
        return _call("reclaim", order)

    @staticmethod
    def encode_report(reports: Sequence[Report]) -> bytes:
        """State production and consumption, in rising intervals."""
        return _call("report", [[r.interval, r.produced.mwh, r.consumed.mwh, r.root] for r in reports])

    @staticmethod
    def encode_pause() -> bytes:
        """Take no new orders, as the authority."""
        return _call("pauseOrders")

    @staticmethod
    def encode_resume() -> bytes:
        """Take new orders again, as the authority."""
        return _call("resumeOrders")

    def _read(self, block: Block, function: str, *values: Any) -> Any:
        return read(self.client, CONTRACT, self.address, block, function, *values)


def _call(function: str, *values: Any) -> bytes:
    return interface(CONTRACT).encode(function, *values)


def _order_args() -> Struct:
    return interface(CONTRACT).by_name["buy"].inputs


def _id(word: bytes) -> bytes | None:
    return None if word == NONE else word
