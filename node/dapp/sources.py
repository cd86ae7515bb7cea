"""What the household's other processes have published: read-only, each with its age, absent when absent.

Nothing here waits: small files of the run folder only. Databases and the chain have modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from node.client_interaction import status as trading_status
from node.client_interaction.status import Status
from node.dapp.household import Household
from node.readings.spool import status as spool_status
from node.readings.spool.status import Status as SpoolStatus
from store import registers, snapshot
from store.registers import Register

T = TypeVar("T")

STALE_METER = 5.0
"""Seconds after which a meter or the battery shows what was, not what is: five samples at 1 Hz."""

STALE_PROCESS = 30.0
"""Seconds after which trading or chain, which publish at least every few seconds, look stopped."""

HEAD_LATE = 60.0
"""Seconds without a new block after which people are told; a block comes every few seconds."""


STORE_PATIENCE = 900.0
"""Seconds for which the store may take nothing: three batches, as long as a server takes to be upgraded."""

LATELY = 86_400.0
"""Seconds for which samples that were lost, and blocks that were replaced, are told of."""


@dataclass(frozen=True, kw_only=True)
class Battery:
    """`run/battery.json`."""

    soc: int
    """1/100 %."""
    voltage: int
    """mV."""
    power: int
    """mW, charging positive."""
    confidence: int
    """Percent."""
    age: float


@dataclass(frozen=True, kw_only=True)
class Chain:
    """`run/chain.json`."""

    height: int
    head_time: float
    """Unix seconds."""
    peers: int
    signers: int
    silent: tuple[str, ...] = ()
    """Accounts of the signers that sealed none of the last blocks."""
    sealing: bool
    syncing: bool
    geth: str
    still: float | None = None
    """Seconds since the head advanced, by a clock that nobody sets; None: not seen to advance yet."""
    replaced: int = 0
    """Blocks that orders may have counted on and that were replaced; 0: none."""
    replaced_at: float = 0.0
    """Unix seconds of the head at that time."""
    disk_per_day: int | None = None
    """Bytes by which the chain grows; None: not known yet."""
    disk_days: float | None = None
    """Until the disk is full by that; None: not known, or never."""
    age: float

    @property
    def advances(self) -> bool:
        """Whether new blocks come, whatever this host's clock says."""
        return self.still is not None and self.still < HEAD_LATE


class Standing(Enum):
    """How the chain node does; of several troubles the one to look at first."""

    SILENT = "silent"
    """Its process says nothing any more."""
    SYNCING = "syncing"
    STALLED = "stalled"
    """No new block for `HEAD_LATE`."""
    ALONE = "alone"
    """No other node is connected, and others have to seal."""
    FINE = "fine"


def standing(chain: Chain, unix: float) -> Standing:
    """How the chain node does at this Unix second."""
    if chain.age > STALE_PROCESS:
        return Standing.SILENT
    if chain.syncing:
        return Standing.SYNCING
    if unix - chain.head_time > HEAD_LATE:
        return Standing.STALLED
    return Standing.ALONE if chain.peers == 0 and chain.signers > 1 else Standing.FINE


@dataclass(frozen=True, kw_only=True)
class Trading:
    """`run/trading.json` and its age."""

    status: Status
    age: float


class Keeping(Enum):
    """How what is measured is kept; of several troubles the one to look at first."""

    LOST = "lost"
    """Samples had to go, within `LATELY`."""
    AWAY = "away"
    """The store has taken nothing for `STORE_PATIENCE`."""
    FINE = "fine"


@dataclass(frozen=True, kw_only=True)
class Spool:
    """`run/spool.json` and its age."""

    status: SpoolStatus
    age: float


def keeping(status: SpoolStatus, unix: float) -> Keeping:
    """How the store of the readings and what waits for it do at this Unix second."""
    if status.dropped_at is not None and unix - status.dropped_at < LATELY:
        return Keeping.LOST
    away = status.since is not None and unix - status.since > STORE_PATIENCE
    return Keeping.AWAY if away else Keeping.FINE


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything published, at one moment. None and missing keys: the process has not published it."""

    unix: float
    battery: Battery | None = None
    meters: Mapping[str, Register] = field(default_factory=dict)
    ages: Mapping[str, float] = field(default_factory=dict)
    """Seconds, of each meter."""
    trading: Trading | None = None
    chain: Chain | None = None
    spool: Spool | None = None


def observe(household: Household, unix: float, boottime: float) -> Observation:
    """Read what the run folder holds.

    Args:
        unix: Unix seconds, for what people compare with their clocks.
        boottime: boottime seconds, for ages.
    """
    wires = (line.meter for line in household.ties + household.feeds)
    names = {*household.meters, *household.panels, *household.loads, *wires}
    if household.battery:
        names.add(household.battery)
    found = {name: registers.read(household.run / "meters", name) for name in sorted(names)}
    meters = {name: register for name, register in found.items() if register is not None}
    return Observation(
        unix=unix,
        battery=_published(household.run / "battery.json", _battery, boottime),
        meters=meters,
        ages={name: max(register.age(boottime), 0.0) for name, register in meters.items()},
        trading=_trading(household.run, boottime),
        chain=_published(household.run / "chain.json", _chain, boottime),
        spool=_published(household.run / spool_status.FILE, _spool, boottime),
    )


def _published(path: Path, parse: Callable[[Mapping[str, Any], float], T], now: float) -> T | None:
    """A snapshot as one of the types above; None too when a field is missing or senseless."""
    found = snapshot.read(path)
    if found is None:
        return None
    try:
        return parse(found.fields, max(found.age(now), 0.0))
    except (KeyError, TypeError, ValueError):
        return None


def _battery(fields: Mapping[str, Any], age: float) -> Battery:
    return Battery(
        soc=min(max(int(fields["soc"]), 0), 10_000),
        voltage=int(fields["voltage_mv"] or 0),
        power=int(fields["power_mw"] or 0),
        confidence=int(fields["confidence"]),
        age=age,
    )


def _chain(fields: Mapping[str, Any], age: float) -> Chain:
    return Chain(
        height=int(fields["height"]),
        head_time=float(fields["head_time"]),
        peers=int(fields["peers"]),
        signers=len(fields["signers"]),
        silent=tuple(str(signer) for signer in fields["silent"]),
        sealing=bool(fields["sealing"]),
        syncing=bool(fields["syncing"]),
        geth=str(fields["geth"]),
        still=_known(fields.get("still")),
        replaced=int(fields.get("replaced") or 0),
        replaced_at=float(fields.get("replaced_at") or 0),
        disk_per_day=fields.get("disk_per_day"),
        disk_days=_known(fields.get("disk_days")),
        age=age,
    )


def _known(value: Any) -> float | None:
    return None if value is None else float(value)


def _spool(fields: Mapping[str, Any], age: float) -> Spool:
    return Spool(status=SpoolStatus(**fields), age=age)


def _trading(run: Path, now: float) -> Trading | None:
    found, status = snapshot.read(run / trading_status.FILE), trading_status.read(run)
    if found is None or status is None:
        return None
    return Trading(status=status, age=max(found.age(now), 0.0))
