"""From whom to buy: price first, then how a seller behaved so far; or for each one why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.client_interaction.amount import NotEnough, Purse, amount
from node.client_interaction.back_off import left_alone
from node.client_interaction.behaviour import Deed, score
from node.client_interaction.situation import Policy, Seller
from quantities import Energy, Price, Share, SoC
from quantities.share import WHOLE

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings

LAST_BLOCKS = 2
"""An offer that ends within so many blocks would end before the order is mined."""

NO_FINER = 1_000
"""Scores are compared to the nearest tenth: one more good supply among many is no reason to pay more."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Buy this from that seller."""

    seller: Seller
    energy: Energy
    price: Price
    score: Share


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
    wall: float
    """Unix seconds."""

    asked: Energy | None = None
    """For by the household; None: what lifts the battery."""


def choose(sellers: tuple[Seller, ...], terms: Terms, policy: Policy) -> Chosen | NoSeller:
    """The best seller that can supply now.

    A seller whose score is below `trading.least_score` is taken only when no other can supply. Of the others
    the cheapest, or, of those that ask at most `trading.price_tolerance` more, the one that behaved best;
    among equals the first in the configuration.
    """
    usable: list[Chosen] = []
    why: list[str] = []
    for seller in sellers:
        found = _usable(seller, terms, policy)
        if isinstance(found, Chosen):
            usable.append(found)
        else:
            why.append(f"{seller.name.capitalize()}: {found}")
    if not usable:
        return NoSeller(why=tuple(why))
    trading = policy.trading
    relied_on = [each for each in usable if each.score >= trading.least_score] or usable
    cheapest = min(each.price for each in relied_on)
    most = cheapest.value * (WHOLE + trading.price_tolerance.value)
    near = [each for each in relied_on if each.price.value * WHOLE <= most]
    return min(near, key=lambda each: (-round(each.score.value / NO_FINER), each.price))


def alone(seller: Seller, wall: float, trading: TradingSettings) -> Deed | None:
    """The failure because of which a seller is left alone now; None: it is not.

    One that let the household down too often is left alone for the longest time after each failure.
    """
    bad = score(seller.deeds, wall, trading.forget) < trading.least_score
    first = trading.max_back_off if bad else trading.back_off
    return left_alone(seller.deeds, wall, first, trading.max_back_off)


def _usable(seller: Seller, terms: Terms, policy: Policy) -> Chosen | str:
    """The purchase, or why there can be none, as a clause."""
    offer, trading = seller.offer, policy.trading
    if offer is None or not offer.live(terms.head + LAST_BLOCKS):
        return "nothing offered" if seller.admitted else "not admitted in the registry"
    failure = alone(seller, terms.wall, trading)
    refusals = (
        "" if seller.admitted else "not admitted in the registry",
        f"asks {offer.price}, more than {trading.max_price}" if offer.price > trading.max_price else "",
        failure.why if failure is not None else "",
        seller.trouble,
        "" if offer.open is None else "supplies somebody else",
    )
    if why := next(filter(None, refusals), ""):
        return why
    energy = amount(terms.soc, policy, offer, terms.purse, terms.asked)
    if isinstance(energy, NotEnough):
        return energy.why
    relied = score(seller.deeds, terms.wall, trading.forget)
    return Chosen(seller=seller, energy=energy, price=offer.price, score=relied)
