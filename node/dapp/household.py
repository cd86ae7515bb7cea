"""What the pages need to know of the household's configuration, and nothing more: no key, pin or secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from node.dapp.settings import DappSettings
from node.dapp.words import capital
from quantities import Energy, SoC, Tokens

if TYPE_CHECKING:
    from node.config import Settings
    from node.readings.settings import ReadingsSettings


@dataclass(frozen=True, kw_only=True)
class Line:
    """A wire to a neighbour, by its meter here."""

    meter: str
    neighbour: str
    """The neighbour's name where the configuration says it, else empty."""


@dataclass(frozen=True, kw_only=True)
class Household:
    """One household, as its pages see it."""

    name: str
    run: Path
    state: Path
    dapp: DappSettings = field(default_factory=DappSettings)
    role: str = "consumer"

    battery: str | None = None
    """The battery's meter."""
    capacity: Energy | None = None
    panels: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    ties: tuple[Line, ...] = ()
    """Lines over which this household is supplied; a meter's forward is what it takes."""
    feeds: tuple[Line, ...] = ()
    """Lines over which it supplies others; a meter's forward is what it gives."""

    limit: SoC | None = None
    resume: SoC | None = None
    """None: this household does not buy."""
    reserve: SoC | None = None
    """None: it does not sell."""
    budget: Tokens | None = None
    sellers: Mapping[str, str] = field(default_factory=dict)
    """Accounts by the names that the configuration gives them."""

    rpc: str = ""
    """Empty: there is no chain to ask."""
    manifest: Path | None = None
    readings: ReadingsSettings | None = None

    @property
    def title(self) -> str:
        """The name as people write it."""
        return capital(self.name)


def from_settings(settings: Settings) -> Household:
    """Take from the household's whole configuration what the pages need."""
    relay, trading, offers = settings.relay, settings.trading, settings.offers
    channels = {seller.channel: name for name, seller in settings.sellers.items()}
    return Household(
        name=settings.household.name,
        role=str(settings.household.role),
        run=settings.paths.run,
        state=settings.paths.state,
        dapp=settings.dapp,
        battery=settings.battery.sensor if settings.battery else None,
        capacity=settings.battery.capacity if settings.battery else None,
        panels=tuple(meter for meter in settings.dapp.panels if meter in settings.sensors),
        loads=tuple(meter for meter in settings.dapp.loads if meter in settings.sensors),
        ties=tuple(
            Line(meter=tie.meter, neighbour=channels.get(tie.contact, ""))
            for tie in (relay.ties if relay else ())
        ),
        feeds=tuple(Line(meter=feed.meter, neighbour="") for feed in (relay.feeds if relay else ())),
        limit=trading.limit if settings.sellers else None,
        resume=trading.resume if settings.sellers else None,
        reserve=offers.reserve if offers and offers.feeds else None,
        budget=trading.daily_budget if settings.sellers else None,
        sellers={name: seller.account for name, seller in settings.sellers.items()},
        rpc=settings.chain.rpc if settings.chain else "",
        manifest=settings.chain.manifest if settings.chain else None,
        readings=settings.readings,
    )
