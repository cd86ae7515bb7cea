"""How the neighbourhood's contracts stand: who holds which key, what is paused, what each market owes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from contracts.begun import Resumable
from contracts.bindings import Market, Registry, Token
from contracts.codec import decode_log, interface
from contracts.manifest import Manifest
from quantities import Tokens

Place = Literal["current", "draining", "drained"]

FUNDED = "OrderFunded"
ENDS = frozenset({"OrderRedeemed", "OrderReleased", "OrderReclaimed"})


@dataclass(frozen=True, kw_only=True)
class MarketState:
    """One market."""

    address: str
    place: Place
    owner: str
    paused: bool
    """Takes no new orders."""

    escrow: Tokens
    """Locked for orders that are not over."""

    orders: int
    """That are not over."""

    stray: Tokens
    """Sent there by mistake: no order owns it, and nothing brings it back."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """All contracts, at one block."""

    block: int
    owner: str
    """Of the token: the authority."""

    minter: str | None
    supply: Tokens
    mintable: Tokens
    registry_owner: str
    households: int
    markets: tuple[MarketState, ...]
    """The current one first."""

    def wrong(self) -> Iterator[str]:
        """What is not as it should be, each as a clause with what to do."""
        owners = {"the registry": self.registry_owner}
        owners |= {
            f"the market at {each.address}": each.owner for each in self.markets if each.place == "current"
        }
        for what, owner in owners.items():
            if owner != self.owner:
                yield f"{what} obeys {owner}, the token {self.owner}: hand over what was left behind"
        for each in self.markets:
            if each.place != "current" and not each.paused:
                yield (
                    f"the {each.place} market at {each.address} takes new orders: "
                    f"commonwatt contracts pause-orders --market {each.address}"
                )
            if each.place == "drained" and each.orders:
                yield (
                    f"the market at {each.address} is listed as drained, but {each.orders} orders are open "
                    "there: move it back to `draining` in the manifest"
                )

    def drained(self) -> list[str]:
        """Draining markets that hold nothing any more: they can be dropped."""
        return [each.address for each in self.markets if each.place == "draining" and not each.orders]


def inspect(client: Resumable, manifest: Manifest) -> Inspection:
    """Look at contracts that the manifest is verified for.

    Raises:
        WrongContract, ChainError: something else answers, or nothing.
    """
    block = client.block_number()
    token, registry = Token(client, manifest.token), Registry(client, manifest.registry)
    return Inspection(
        block=block,
        owner=token.owner(block),
        minter=token.minter(block),
        supply=token.supply(block),
        mintable=token.mintable(block),
        registry_owner=registry.owner(block),
        households=len(registry.households(block)),
        markets=tuple(_market(client, manifest, address, block) for address in manifest.markets()),
    )


def _market(client: Resumable, manifest: Manifest, address: str, block: int) -> MarketState:
    market = Market(client, address)
    balance = Token(client, manifest.token).balance(address, block)
    open_ = open_orders(client, manifest, address, block)
    escrow = Tokens(sum(order.cost for order in open_.values()))
    return MarketState(
        address=address,
        place=_place(manifest, address),
        owner=market.owner(block),
        paused=market.paused(block),
        escrow=escrow,
        orders=len(open_),
        stray=balance - escrow,
    )


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """An order that is not over, as its market told of it."""

    buyer: str
    seller: str
    cost: int
    """Base units of tokens in escrow."""


def open_orders(client: Resumable, manifest: Manifest, address: str, block: int) -> dict[bytes, OpenOrder]:
    """Each order of a market that is not over, from the market's events."""
    if not Token(client, manifest.token).balance(address, block):
        return {}  # tokens are locked for open orders only, so an empty market's history needs no look
    topics = [t for t, e in interface("EnergyMarket").events.items() if e.name in {FUNDED, *ENDS}]
    found: dict[bytes, OpenOrder] = {}
    for log in client.logs(address, [topics], manifest.deployed(address), block):
        event = decode_log(log.topics, log.data, "EnergyMarket")
        if event is not None and event.name == FUNDED:
            fields = event.fields
            found[fields["orderId"]] = OpenOrder(
                buyer=fields["buyer"], seller=fields["seller"], cost=fields["cost"]
            )
        elif event is not None:
            found.pop(event.fields["orderId"], None)
    return found


def _place(manifest: Manifest, address: str) -> Place:
    if address == manifest.current:
        return "current"
    return "draining" if address in manifest.draining else "drained"
