"""What the household is and does at this moment: who, how well, its meters, trader, relay and chain."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from importlib.metadata import version

from node.dapp import words
from node.dapp.api.operations import Nothing, operation
from node.dapp.api.problems import Problem
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.dapp.household import Household
from node.dapp.sources import STALE_METER, STALE_PROCESS, Keeping, Observation, keeping
from node.local_time import written, zone
from node.readings.spool.status import Status
from relay_server.client import RelayClient
from relay_server.errors import RelayError


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """Where to begin."""

    household: str
    role: str
    version: str
    """Of Commonwatt."""
    time: str
    time_zone: str
    """Of every time that is told or given without an offset, and of days."""
    paths: list[str]


class Part(StrEnum):
    """What health looks at."""

    METERS = "meters"
    BATTERY = "battery"
    TRADING = "trading"
    CHAIN = "chain"
    READINGS = "readings"


@dataclass(frozen=True, kw_only=True)
class PartHealth:
    """One of the household's processes, by what it publishes."""

    part: Part
    ok: bool
    age_s: float | None
    """Seconds since it was last heard of; null: never since the boot."""
    says: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What is measured and not in the store of the readings yet; some minutes' are always."""

    samples: int
    oldest: str | None
    """When the oldest was taken; null: there are none."""
    away_since: str | None
    """Since when the store takes nothing; null: it does."""
    dropped: int
    """Samples that had to go, ever: they were more than the spool holds."""
    dropped_at: str | None
    """When the last had to; null: none ever had."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether what is shown elsewhere is alive."""

    ok: bool
    time: str
    time_zone: str
    parts: list[PartHealth]
    waiting: Waiting | None
    """As it was said last; null: never since the boot."""


class Place(StrEnum):
    """Where a meter sits, which tells what forward means: the panel makes, the load draws, the battery
    charges, a tie takes from a neighbour, a feed gives to one."""

    PANEL = "panel"
    LOAD = "load"
    BATTERY = "battery"
    TIE = "tie"
    FEED = "feed"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class MeterNow:
    """One meter's registers and power."""

    meter: str
    place: Place
    neighbour: str
    """Of a tie; else empty."""
    live: bool
    """False: older than five seconds, or silent since the boot; then it shows what was, not what is."""
    taken: str | None
    power_mw: int | None
    """Forward positive."""
    forward_mwh: int | None
    """The cumulative register; it never falls."""
    reverse_mwh: int | None


@dataclass(frozen=True, kw_only=True)
class BatteryNow:
    """The battery."""

    live: bool
    taken: str
    soc_percent: float
    voltage_mv: int
    power_mw: int
    """Charging positive."""
    confidence_percent: int


@dataclass(frozen=True, kw_only=True)
class Meters:
    """Everything that is measured, now."""

    time: str
    time_zone: str
    meters: list[MeterNow]
    battery: BatteryNow | None


@dataclass(frozen=True, kw_only=True)
class TradingNow:
    """What the household's trader does."""

    live: bool
    time_zone: str
    taken: str
    state: str
    """home, buying, supplied, returning, no-supply, fault or off."""
    reason: str
    next: str
    since: str
    order: str | None
    seller: str | None
    energy_mwh: int | None
    received_mwh: int | None


@dataclass(frozen=True, kw_only=True)
class ContactNow:
    """One contact of the relay."""

    contact: int
    """0 is home."""
    kind: str
    """home, tie or feed."""
    closed: bool
    order: str | None
    """Under which a feed is closed."""
    lease_ms: int
    """Until it opens by itself."""
    fault: str | None
    locked: str | None


@dataclass(frozen=True, kw_only=True)
class Relay:
    """The relay server's contacts, as it says."""

    time: str
    time_zone: str
    address: str
    contacts: list[ContactNow]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One of the neighbourhood's contracts."""

    address: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ChainNow:
    """The household's chain node, and what it knows."""

    live: bool
    time_zone: str
    taken: str
    height: int
    head_time: str
    peers: int
    signers: int
    sealing: bool
    syncing: bool
    geth: str
    chain_id: int | None
    genesis_hash: str | None
    contracts: list[Contract]
    balance: str | None
    """Tokens of the household, a decimal number; null: not known."""
    escrow: str | None
    """Tokens in its open orders."""


@operation("/", None)
def welcome(asked: Nothing) -> Welcome:
    """Where to begin.

    Every time is RFC 3339 with its offset; energies are whole milliwatt-hours, powers milliwatts, money
    a decimal number in a string.
    """
    house = context().household
    return Welcome(
        household=house.name,
        role=house.role,
        version=release(),
        time=_now(house),
        time_zone=_zone(house),
        paths=["/api/v1" + path for path in PATHS],
    )


@operation("/health", None)
def health(asked: Nothing) -> Health:
    """Whether what the household's processes publish is fresh."""
    house, seen = context().household, context().observe()
    parts = _parts(house, seen)
    return Health(
        ok=all(part.ok for part in parts),
        time=_now(house),
        time_zone=_zone(house),
        parts=parts,
        waiting=None if seen.spool is None else _waiting(house, seen.spool.status),
    )


@operation("/meters", Scope.READINGS)
def meters(asked: Nothing) -> Meters:
    """Every meter's power and registers, and the battery, as published in this second."""
    house, seen = context().household, context().observe()
    return Meters(
        time=_now(house),
        time_zone=_zone(house),
        meters=[_meter(house, seen, name) for name in house.meters],
        battery=_battery(house, seen),
    )


@operation("/trading", Scope.TRADES)
def trading(asked: Nothing) -> TradingNow:
    """What the household's trader does now, why, and what comes next."""
    house, seen = context().household, context().observe()
    if seen.trading is None:
        raise _silent("the trader", "client-interaction run")
    status = seen.trading.status
    return TradingNow(
        live=seen.trading.age <= STALE_PROCESS,
        time_zone=_zone(house),
        taken=_at(house, seen.unix - seen.trading.age),
        state=status.state,
        reason=status.reason,
        next=status.next,
        since=_at(house, status.since),
        order=status.order,
        seller=status.seller,
        energy_mwh=status.energy_mwh,
        received_mwh=status.received_mwh,
    )


@operation("/relay", Scope.RELAY)
def relay(asked: Nothing) -> Relay:
    """The contacts of the household's relay, asked in this moment."""
    house = context().household
    if not house.relay:
        raise Problem(HTTPStatus.NOT_FOUND, "This household has no relay in its configuration.")
    client = RelayClient(house.relay, None, None, None)
    try:
        contacts = client.state()
    except RelayError:
        raise _silent("the relay", "relay run") from None
    finally:
        client.disconnect()
    return Relay(
        time=_now(house),
        time_zone=_zone(house),
        address=house.relay,
        contacts=[
            ContactNow(
                contact=each.contact,
                kind=each.kind,
                closed=each.closed,
                order=None if each.order is None else "0x" + each.order.hex(),
                lease_ms=each.lease_ms,
                fault=each.fault,
                locked=each.locked,
            )
            for each in contacts
        ],
    )


@operation("/chain", Scope.CHAIN)
def chain(asked: Nothing) -> ChainNow:
    """The chain node's height and peers, the contracts, and what the household owns."""
    here = context()
    house, seen, manifest = here.household, here.observe(), here.ledger.manifest
    if seen.chain is None:
        raise _silent("the chain node", "chain run")
    status = seen.trading.status if seen.trading else None
    return ChainNow(
        live=seen.chain.age <= STALE_PROCESS,
        time_zone=_zone(house),
        taken=_at(house, seen.unix - seen.chain.age),
        height=seen.chain.height,
        head_time=_at(house, seen.chain.head_time),
        peers=seen.chain.peers,
        signers=seen.chain.signers,
        sealing=seen.chain.sealing,
        syncing=seen.chain.syncing,
        geth=seen.chain.geth,
        chain_id=manifest.chain_id if manifest else None,
        genesis_hash=manifest.genesis_hash if manifest else None,
        contracts=[Contract(address=a, name=n) for a, n in manifest.contracts()] if manifest else [],
        balance=_tokens(status.balance if status else None),
        escrow=_tokens(status.escrow if status else None),
    )


PATHS = (
    "/health", "/meters", "/readings", "/rollups", "/energy", "/tariffs", "/trading", "/trades", "/relay",
    "/chain", "/openapi.json",
)  # fmt: skip
"""That need nothing filled in."""


def place(house: Household, meter: str) -> Place:
    """Where a meter sits."""
    if meter == house.battery:
        return Place.BATTERY
    if meter in house.panels:
        return Place.PANEL
    if meter in house.loads:
        return Place.LOAD
    if any(line.meter == meter for line in house.ties):
        return Place.TIE
    return Place.FEED if any(line.meter == meter for line in house.feeds) else Place.OTHER


def _meter(house: Household, seen: Observation, name: str) -> MeterNow:
    register, age = seen.meters.get(name), seen.ages.get(name, 0.0)
    return MeterNow(
        meter=name,
        place=place(house, name),
        neighbour=next((line.neighbour for line in house.ties if line.meter == name), ""),
        live=register is not None and age <= STALE_METER,
        taken=None if register is None else _at(house, seen.unix - age),
        power_mw=None if register is None else register.power,
        forward_mwh=None if register is None else register.forward,
        reverse_mwh=None if register is None else register.reverse,
    )


def _battery(house: Household, seen: Observation) -> BatteryNow | None:
    battery = seen.battery
    if battery is None:
        return None
    return BatteryNow(
        live=battery.age <= STALE_METER,
        taken=_at(house, seen.unix - battery.age),
        soc_percent=battery.soc / 100,
        voltage_mv=battery.voltage,
        power_mw=battery.power,
        confidence_percent=battery.confidence,
    )


def _parts(house: Household, seen: Observation) -> list[PartHealth]:
    parts = []
    if house.meters:
        silent = [name for name in house.meters if seen.ages.get(name, STALE_METER + 1) > STALE_METER]
        age = max(seen.ages.values()) if seen.ages else None
        says = f"No fresh sample of {words.listed(silent)}." if silent else "Every meter is live."
        parts.append(PartHealth(part=Part.METERS, ok=not silent, age_s=_rounded(age), says=says))
    if house.battery:
        age = seen.battery.age if seen.battery else None
        parts.append(_part(Part.BATTERY, age, STALE_METER, "commonwatt logger run"))
    age = seen.trading.age if seen.trading else None
    parts.append(_part(Part.TRADING, age, STALE_PROCESS, "commonwatt client-interaction run"))
    age = seen.chain.age if seen.chain else None
    parts.append(_part(Part.CHAIN, age, STALE_PROCESS, "commonwatt chain run"))
    if house.meters:
        parts.append(_kept(seen))
    return parts


def _kept(seen: Observation) -> PartHealth:
    part = _part(
        Part.READINGS, seen.spool.age if seen.spool else None, STALE_PROCESS, "commonwatt logger run"
    )
    if seen.spool is None or not part.ok:
        return part
    status = seen.spool.status
    match keeping(status, seen.unix):
        case Keeping.LOST:
            return replace(part, ok=False, says=f"The spool was full: {status.dropped} samples are lost.")
        case Keeping.AWAY:
            return replace(part, ok=False, says=f"The store takes nothing: {status.reason}.")
        case Keeping.FINE:
            return replace(part, says=f"{status.waiting} samples wait for their batch.")


def _waiting(house: Household, status: Status) -> Waiting:
    oldest, away, dropped = (
        None if unix is None else _at(house, unix)
        for unix in (status.oldest, status.since, status.dropped_at)
    )
    return Waiting(
        samples=status.waiting, oldest=oldest, away_since=away, dropped=status.dropped, dropped_at=dropped
    )


def _part(part: Part, age: float | None, stale: float, command: str) -> PartHealth:
    ok = age is not None and age <= stale
    says = "It publishes." if ok else f"Nothing new: is {command} running?"
    return PartHealth(part=part, ok=ok, age_s=_rounded(age), says=says)


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)


def _silent(who: str, command: str) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"There is no word of {who}: is commonwatt {command} running?",
        {"Retry-After": "10"},
    )


def _tokens(base: str | None) -> str | None:
    return None if base is None else words.exact(int(base))


def _at(house: Household, unix: float) -> str:
    return written(round(unix * 10) * 100, zone(house.time_zone))


def _now(house: Household) -> str:
    return written(int(time.time() * 1_000), zone(house.time_zone))


def _zone(house: Household) -> str:
    return str(zone(house.time_zone))


@cache
def release() -> str:
    """Of Commonwatt; looked up once, for it is read from a file."""
    return version("commonwatt")
