"""The inventory that a neighbourhood's operator writes: Ansible's, with variables that are checked here.

A household's sections (`sensors`, `battery`, `relay`, `trading`, `offers`, …) are those of
config.example.yml; what follows from the whole neighbourhood (keys, peers, sellers, addresses) is not written
but made.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from neighbourhood.lines import Line
from node.config import Role
from node.config.settings import Name
from quantities import Tokens
from quantities.fields import SecondsField, TokensField

CONTACT = re.compile(r"([a-z0-9][a-z0-9-]*)\.(\d{1,9})\Z")


class Part(StrEnum):
    """What a household's chain node does."""

    SIGNER = "signer"
    FOLLOWER = "follower"


class Store(StrEnum):
    """Where a household's host keeps its readings."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def whole_seconds(length: float) -> float:
    """Check a block period."""
    if length < 1 or length != int(length):
        raise ValueError("blocks come whole seconds apart: '5 s'")
    return length


def a_contact(text: str) -> str:
    """Check the name of a contact."""
    if not CONTACT.match(text):
        raise ValueError("write a household and the number of its contact: 'alder.1'")
    return text


def a_store(given: object) -> object:
    """Check where readings are kept."""
    if isinstance(given, dict) and given.get("store", Store.SQLITE) not in tuple(Store):
        raise ValueError(f"store: {given['store']!r}; write sqlite (as without it) or postgresql")
    if isinstance(given, dict) and given.get("store") == Store.POSTGRESQL and given.get("url"):
        raise ValueError("url names a server elsewhere, `store: postgresql` is one on the host; keep one")
    return given


ContactName = Annotated[str, AfterValidator(a_contact)]
Section = Annotated[dict[str, Any], BeforeValidator(lambda given: {} if given is None else given)]


class LineSettings(BaseModel):
    """One wired line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed: ContactName
    """The seller's contact, as `alder.1`."""

    tie: ContactName
    """The buyer's contact, as `birch.11`."""

    def line(self) -> Line:
        """Its two ends."""
        (seller, feed), (buyer, tie) = self.feed.split("."), self.tie.split(".")
        return Line(seller=seller, feed=int(feed), buyer=buyer, tie=int(tie))


class SharedSettings(BaseModel):
    """What the whole neighbourhood decides, once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlay: IPv4Network = IPv4Network("10.77.0.0/24")
    """Network of the encrypted overlay between the households."""

    period: Annotated[SecondsField, AfterValidator(whole_seconds)] = 5.0
    """Between two blocks."""

    tokens: TokensField = Tokens.parse(20)
    """That each household begins with."""

    mint_cap: TokensField = Tokens.parse(10_000)
    """The most tokens that a day may mint; cannot be changed later."""

    supply: SecondsField = 86_400.0
    """For how long an order may be supplied; a new market can change it later."""

    challenge: SecondsField = 86_400.0
    """How long a seller has to redeem after its buyer asked to close; likewise."""

    monitoring: str | None = None
    """The household whose host watches over all; None: nobody watches."""

    lines: tuple[LineSettings, ...] = ()
    """The wired lines."""


class HouseholdPlan(BaseModel):
    """One household, as its operator describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    chain: Part = Part.FOLLOWER
    """`signer` for one or three households."""

    overlay: IPv4Address
    """Its own address in the overlay."""

    first_run: bool = False
    """Whether the family sets it up from its pages: password and key are made there, and the operator admits
    it by its request."""

    sensors: Section = {}
    battery: Section = {}
    relay: Section = {}
    trading: Section = {}
    offers: Section = {}
    intents: Section = {}
    readings: Annotated[Section, BeforeValidator(a_store)] = {}
    """With `store: postgresql`, which the rollout sets up on its host."""

    reports: Section = {}
    notifications: Section = {}
    """When somebody is told; who, the family says on its pages, and a file beside the inventory."""

    dapp: Section = {}

    @property
    def store(self) -> Store:
        """Where its readings are."""
        return Store(self.readings.get("store", Store.SQLITE))

    def sections(self) -> dict[str, dict[str, Any]]:
        """What is written of config.example.yml's sections."""
        chosen = {name: getattr(self, name) for name in SECTIONS}
        return {name: section for name, section in chosen.items() if section}


SECTIONS = (
    "sensors", "battery", "relay", "trading", "offers", "intents", "readings", "reports",
    "notifications", "dapp",
)  # fmt: skip


def without_ansibles(given: object) -> object:
    """Leave out Ansible's own variables, which are Ansible's to check."""
    if not isinstance(given, dict):
        return given
    return {key: value for key, value in given.items() if key == "ansible_host" or key[:8] != "ansible_"}


class Host(BaseModel):
    """A household's host."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ansible_host: str = Field(min_length=1)
    """Where it is reached on the home network."""

    household: HouseholdPlan

    _ansible = model_validator(mode="before")(without_ansibles)


class Variables(BaseModel):
    """The group's variables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: SharedSettings = SharedSettings()

    _ansible = model_validator(mode="before")(without_ansibles)


class Group(BaseModel):
    """The one group of the inventory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vars: Variables = Variables()
    hosts: dict[Name, Host] = Field(min_length=1)


class Inventory(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    neighbourhood: Group

    @property
    def shared(self) -> SharedSettings:
        """What all share."""
        return self.neighbourhood.vars.shared

    @cached_property
    def households(self) -> dict[str, HouseholdPlan]:
        """By name, in the order in which they are written."""
        return {name: host.household for name, host in self.neighbourhood.hosts.items()}

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The wired lines."""
        return tuple(each.line() for each in self.shared.lines)

    @property
    def signers(self) -> list[str]:
        """Names of the households that seal blocks."""
        return [name for name, household in self.households.items() if household.chain is Part.SIGNER]
