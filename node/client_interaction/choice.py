"""From whom to buy: the cheapest seller that can supply now, or a reason for each one why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from node.client_interaction.amount import NotEnough, Purse, amount
from node.client_interaction.back_off import BackOff
from node.client_interaction.situation import Policy, Seller
from quantities import Energy, Price, SoC

LAST_BLOCKS = 2
"""An offer that ends within so many blocks would end before the order is mined."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Buy this from that seller."""

    seller: Seller
    energy: Energy
    price: Price


@dataclass(frozen=True, kw_only=True)
class NoSeller:
    """Nobody can supply."""

    why: tuple[str, ...]
    """A clause for each seller, by name."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a purchase made now has to keep to."""

    soc: SoC
    head: int
    purse: Purse
    now: float
    asked: Energy | None = None
    """For by the household; None: what lifts the battery."""


def choose(
    sellers: tuple[Seller, ...], terms: Terms, policy: Policy, back_offs: Mapping[str, BackOff]
) -> Chosen | NoSeller:
    """The cheapest seller that can supply now; among equals the first in the configuration."""
    usable: list[Chosen] = []
    why: list[str] = []
    for seller in sellers:
        found = _usable(seller, terms, policy, back_offs.get(seller.name))
        if isinstance(found, Chosen):
            usable.append(found)
        else:
            why.append(f"{seller.name.capitalize()}: {found}")
    if not usable:
        return NoSeller(why=tuple(why))
    return min(usable, key=lambda chosen: chosen.price)


def _usable(seller: Seller, terms: Terms, policy: Policy, back_off: BackOff | None) -> Chosen | str:
    """The purchase, or why there can be none, as a clause."""
    offer = seller.offer
    if offer is None or not offer.live(terms.head + LAST_BLOCKS):
        return "nothing offered" if seller.admitted else "not admitted in the registry"
    refusals = (
        "" if seller.admitted else "not admitted in the registry",
        f"asks {offer.price}, more than {policy.trading.max_price}"
        if offer.price > policy.trading.max_price
        else "",
        back_off.why if back_off is not None and back_off.active(terms.now) else "",
        seller.trouble,
        "" if offer.open is None else "supplies somebody else",
    )
    if why := next(filter(None, refusals), ""):
        return why
    energy = amount(terms.soc, policy, offer, terms.purse, terms.asked)
    if isinstance(energy, NotEnough):
        return energy.why
    return Chosen(seller=seller, energy=energy, price=offer.price)
