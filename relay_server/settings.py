"""The `relay:` section of a configuration: where the relay listens, what it switches, its limits."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from chain.endpoint import checked
from quantities import Power
from quantities.fields import PowerField, SecondsField
from quantities.said import Said
from relay_server.address import EXAMPLE, PORT
from relay_server.lease import LOOK

MINIMUM_DEAD_TIME = 0.1
"""Seconds between one source confirmed open and the next one closing. Small DC contactors and relay boards
state 5–25 ms to release (Omron G5LE: 5 ms, Songle SRD: 10 ms); an arc at 48 V DC is out well within 50 ms."""


def _dead_time(seconds: float) -> float:
    if seconds < MINIMUM_DEAD_TIME:
        raise ValueError(
            Said("two sources need at least %(time)s between them", time=f"{MINIMUM_DEAD_TIME * 1000:.0f} ms")
        )
    return seconds


Address = Annotated[str, AfterValidator(checked(EXAMPLE))]
ContactNumber = Annotated[int, Field(ge=1, lt=2**32)]


class Section(BaseModel):
    """A part of the configuration: closed to unknown keys, unchangeable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PinsSettings(BaseModel):
    """The pin driver by name; every other key here is an option of that driver."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    driver: str = "rpi-gpio"
    """`rpi-gpio`, `gpiozero`, `modbus`, `esp32`, or one that another package brings: see docs/relays.md."""

    @property
    def options(self) -> dict[str, Any]:
        """What the driver is called with."""
        return dict(self.model_extra or {})


class ContactSettings(Section):
    """One switched contact and the meter in series with it."""

    contact: ContactNumber
    """Its number on the wire and on chain, unique in the household."""

    pin: int = Field(ge=0)
    """The driver's number of the output that energises it (BCM numbering on a Raspberry Pi)."""

    meter: str = Field(min_length=1)
    """The register under `paths.run`/meters that counts what flows through it."""

    rating: PowerField = Power.from_watts(300)
    """The most power it may carry: P_max of the unpaid bound. Above it for a second: fault."""

    life: int = Field(100_000, ge=1)
    """Operations that its maker states at this load: `commonwatt relay wear` counts against it."""


class TransferSettings(Section):
    """The changeover between the household's own battery (home) and its ties to neighbours' lines."""

    home_pin: int = Field(ge=0)
    """Energised, it *opens* home, whose contact is normally closed."""

    home_life: int = Field(100_000, ge=1)
    """Operations that the maker of home's contact states at its load."""

    ties: tuple[ContactSettings, ...] = ()


class RelaySettings(Section):
    """Everything that one household's relay server needs to know."""

    listen: Address = f"127.0.0.1:{PORT}"
    """The overlay's address, never a public one: frames are signed, not encrypted."""

    pins: PinsSettings = PinsSettings()
    feeds: tuple[ContactSettings, ...] = ()
    transfer: TransferSettings | None = None

    lease: SecondsField = 10.0
    """How long a contact stays closed after the last accepted frame. A KEEP every third of it survives two
    lost answers."""

    grace: SecondsField = 5.0
    """Between an announced end and the feed opening: longer than a client's KEEP period, so that the buyer
    can go home first and the feed opens without load."""

    dead_time: Annotated[SecondsField, AfterValidator(_dead_time)] = MINIMUM_DEAD_TIME
    """Between one source open and the next one closing; the contacts' stated release time where no
    auxiliary contact confirms it."""

    follow: SecondsField = 0.5
    """A contact with an auxiliary contact that has not followed by then is faulty."""

    dwell: SecondsField = 10.0
    """The least stay at home before leaving again."""

    cycles_per_minute: int = Field(6, ge=1, le=60)
    """Departures from home in any 60 s. Cheap relays are rated for 10⁵ operations: at six a minute for
    twelve days, so a client that flaps is slowed down long before the contact wears out."""

    stale_meter: SecondsField = 3.0
    """A register older than this measures nothing: the feed opens. Three periods of a 1 Hz meter."""

    dead_line: SecondsField = 2.0
    """A tie without voltage for this long goes home."""

    overload: SecondsField = 1.0
    """Above a contact's rating for this long is a fault."""

    unpaid_fraction: float = Field(0.03, ge=0, le=0.2)
    """Of what the seller's meter counted: the two meters' tolerance. INA219 with a 1 % shunt on both sides:
    2 × (1 % + 0.5 %)."""

    stalled_chain: SecondsField = 600.0
    """A running supply survives a chain that is not fresh (without new blocks, or with old ones, or beside a
    wrong clock) for this long."""

    save: SecondsField = 15.0
    """Meter and vouchers of a running supply go to disk this often: what a power cut may lose."""

    confirmations: int | None = Field(None, ge=1, le=100)
    """Blocks on top of an order before it counts; empty: half the chain's signers and one."""

    frame: SecondsField = 1.0
    """A frame once begun has to end within this."""

    idle: SecondsField = 60.0
    """A connection without a frame for this long is closed, unless it holds a lease."""

    connections: int = Field(64, ge=4, le=1024)
    """Open at the same time; one is kept for whoever holds a lease."""

    connections_per_address: int = Field(4, ge=1)
    """Open at the same time from one address."""

    @property
    def ties(self) -> tuple[ContactSettings, ...]:
        """The transfer's ties, if there is a transfer."""
        return self.transfer.ties if self.transfer else ()

    @model_validator(mode="after")
    def _supplies(self) -> Self:
        """Else the first KEEP of an honest buyer may open the feed as unpaid (see `relay_server.lease`)."""
        if self.lease < self.follow + LOOK:
            raise ValueError(
                Said(
                    "lease has to be at least %(time)s longer than follow: else what may flow until a feed "
                    "is open does not fit into the bound of unpaid energy, and nobody is supplied",
                    time=f"{LOOK:g} s",
                )
            )
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        contacts = [*self.feeds, *self.ties]
        pins = [c.pin for c in contacts] + ([self.transfer.home_pin] if self.transfer else [])
        for number in _twice([c.contact for c in contacts]):
            raise ValueError(Said("contact %(number)s is given twice: each needs its own", number=number))
        for number in _twice(pins):
            raise ValueError(Said("pin %(number)s is given twice: each needs its own", number=number))
        return self


def _twice(numbers: list[int]) -> list[int]:
    return sorted({n for n in numbers if numbers.count(n) > 1})
