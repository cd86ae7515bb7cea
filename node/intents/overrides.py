"""The household's settings as they are in force: the configuration's, and what was asked for over it. Pure.

An override that the configuration's bounds do not allow (any more) counts as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from node.intents.caps import Caps
from node.intents.kinds import Limit, OwnOffer
from node.intents.wishes import Asked
from node.plain import changed
from quantities import Price, SoC, Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import OffersSettings, TradingSettings

V = TypeVar("V")


@dataclass(frozen=True, kw_only=True)
class Override(Generic[V]):
    """A value that was asked for, by whom and when."""

    value: V
    asked: Asked


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Everything that was set over the configuration."""

    limits: Mapping[Limit, Override[SoC | Price | Tokens]] = field(default_factory=dict)
    offers: Mapping[int, Override[OwnOffer]] = field(default_factory=dict)
    """By contact."""


def trading(base: TradingSettings, overrides: Overrides, caps: Caps) -> TradingSettings:
    """The policy in force."""
    allowed = {
        limit.value: override.value
        for limit, override in overrides.limits.items()
        if not caps.limit(limit, override.value)
    }
    limit, resume = allowed.get("limit", base.limit), allowed.get("resume", base.resume)
    if not (isinstance(limit, SoC) and isinstance(resume, SoC) and limit < resume):
        allowed = {name: value for name, value in allowed.items() if name not in ("limit", "resume")}
    return changed(base, **allowed) if allowed else base


def offers(base: OffersSettings, overrides: Overrides, caps: Caps) -> OffersSettings:
    """The offers in force; feeds that are switched off are among them: `withdrawn` names those.

    A price set by hand holds at every time and state of charge: it takes the place of the feed's rules too.
    """
    asked = {
        contact: override.value
        for contact, override in overrides.offers.items()
        if override.value.on and not caps.offer(contact, override.value)
    }
    if not asked:
        return base
    feeds = tuple(
        changed(feed, price=asked[feed.contact].price, max_energy=asked[feed.contact].most, prices=())
        if feed.contact in asked
        else feed
        for feed in base.feeds
    )
    return changed(base, feeds=feeds)


def withdrawn(overrides: Overrides) -> frozenset[int]:
    """Feeds at which nothing is offered now."""
    return frozenset(contact for contact, override in overrides.offers.items() if not override.value.on)
