"""What the pages need to know of the household's configuration, and nothing more: no key, pin or secret.

Whoever starts the pages reads the configuration and hands this over as one line of JSON: the pages' process
neither reads the configuration nor carries what reads it (9 MB).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.dapp.words import capital
from node.tariffs.plan import Plan, Rate, Version, plan_of
from quantities import Energy, Power, SoC, Tokens
from quantities.amount import Amount
from relay_server.wear import lives

if TYPE_CHECKING:
    from node.config import Settings


@dataclass(frozen=True, kw_only=True)
class Line:
    """A wire to a neighbour, by its meter here."""

    meter: str
    neighbour: str
    """The neighbour's name where the configuration says it, else empty."""
    contact: int = 0
    """The relay's number of it."""


@dataclass(frozen=True, kw_only=True)
class Household:
    """One household, as its pages see it."""

    name: str
    run: Path
    state: Path
    role: str = "consumer"

    listen: str = "127.0.0.1:8080"
    threads: int = 4
    viewers: int = 200
    """Live pages at the same time."""
    session: float = 30 * 86_400.0
    """Seconds that a login lasts unused."""
    names: tuple[str, ...] = ()
    """Further host names of the pages."""

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
    threshold: Power | None = None
    """What the house wants to draw less than."""
    sellers: Mapping[str, str] = field(default_factory=dict)
    """Accounts by the names that the configuration gives them."""

    rpc: str = ""
    """Empty: there is no chain to ask."""
    own_node: bool = False
    """Whether the chain is asked at a node of this household."""
    manifest: Path | None = None
    readings: str | None = None
    """The readings' PostgreSQL; None: SQLite in the state folder."""

    meters: tuple[str, ...] = ()
    """Of every sensor."""
    relay: str = ""
    """Where its relay listens; empty: it has none."""
    lives: Mapping[int, int] = field(default_factory=dict)
    """Operations that each contact lives for, by its number, home (0) first."""
    time_zone: str | None = None
    """Of what other programs are told, and of tariffs' hours; None: this host's."""
    tariffs: tuple[Plan, ...] = ()
    """The first is what CitizenWatt's clients call the current one."""

    logs: Path | None = None
    """Folder of the processes' log files; None: they are in the journal."""

    files: tuple[Path, ...] = ()
    """Of the configuration; the last is the family's."""

    first_run: bool = False
    """Whether the pages lead through the first run."""

    @property
    def title(self) -> str:
        """The name as people write it."""
        return capital(self.name)


def from_settings(settings: Settings, files: Sequence[Path] = ()) -> Household:
    """Take from the household's whole configuration, and the files that it is in, what the pages need."""
    relay, trading, offers = settings.relay, settings.trading, settings.offers
    channels = {seller.channel: name for name, seller in settings.sellers.items()}
    return Household(
        name=settings.household.name,
        role=str(settings.household.role),
        run=settings.paths.run,
        state=settings.paths.state,
        listen=settings.dapp.listen,
        threads=settings.dapp.threads,
        viewers=settings.dapp.viewers,
        session=settings.dapp.session,
        names=settings.dapp.names,
        battery=settings.battery.sensor if settings.battery else None,
        capacity=settings.battery.capacity if settings.battery else None,
        panels=tuple(meter for meter in settings.dapp.panels if meter in settings.sensors),
        loads=tuple(meter for meter in settings.dapp.loads if meter in settings.sensors),
        ties=tuple(
            Line(meter=tie.meter, neighbour=channels.get(tie.contact, ""), contact=tie.contact)
            for tie in (relay.ties if relay else ())
        ),
        feeds=tuple(
            Line(meter=feed.meter, neighbour="", contact=feed.contact)
            for feed in (relay.feeds if relay else ())
        ),
        limit=trading.limit if settings.sellers else None,
        resume=trading.resume if settings.sellers else None,
        reserve=offers.reserve if offers and offers.feeds else None,
        budget=trading.daily_budget if settings.sellers else None,
        threshold=settings.dapp.threshold,
        sellers={name: seller.account for name, seller in settings.sellers.items()},
        rpc=settings.chain.rpc if settings.chain else "",
        own_node=bool(settings.chain and settings.chain.node),
        manifest=settings.chain.manifest if settings.chain else None,
        readings=settings.readings.url,
        meters=tuple(settings.sensors),
        relay=relay.listen if relay else "",
        lives=lives(relay) if relay else {},
        time_zone=settings.household.time_zone,
        tariffs=tuple(plan_of(name, tariff) for name, tariff in settings.tariffs.items()),
        logs=settings.dapp.logs,
        files=tuple(file.absolute() for file in files),
        first_run=settings.account.first_run if settings.account else False,
    )


def dumps(household: Household) -> str:
    """As one line of JSON."""
    return json.dumps(vars(household), default=_plain, separators=(",", ":"))


def loads(text: str) -> Household:
    """What `dumps` wrote.

    Raises:
        ValueError: it did not write this.
    """
    try:
        given: dict[str, Any] = json.loads(text)
        for name in ("panels", "loads", "names", "meters"):
            given[name] = tuple(given[name])
        for name in ("ties", "feeds"):
            given[name] = tuple(Line(**line) for line in given[name])
        given["tariffs"] = tuple(map(_plan, given["tariffs"]))
        given["files"] = tuple(map(Path, given["files"]))
        given["lives"] = {int(contact): life for contact, life in given["lives"].items()}
        for name, kind in READ.items():
            given[name] = None if given[name] is None else kind(given[name])
        return Household(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a household as `dumps` writes it: {error!r}") from None


READ: Mapping[str, Callable[[Any], object]] = {
    "run": Path,
    "state": Path,
    "manifest": Path,
    "logs": Path,
    "capacity": Energy,
    "budget": Tokens,
    "threshold": Power,
    "limit": SoC,
    "resume": SoC,
    "reserve": SoC,
}
"""How the fields that JSON does not know are read again."""


def _plan(given: dict[str, Any]) -> Plan:
    versions = (
        Version(
            since=date.fromisoformat(each["since"]),
            price=each["price"],
            rates=tuple(
                Rate(**{**rate, "days": tuple(rate["days"]), "months": tuple(rate["months"])})
                for rate in each["rates"]
            ),
            intervals=each["intervals"],
        )
        for each in given["versions"]
    )
    return Plan(name=given["name"], currency=given["currency"], versions=tuple(versions))


def _plain(value: object) -> object:
    if isinstance(value, Amount):
        return value.value
    return str(value) if isinstance(value, Path | date) else vars(value)
