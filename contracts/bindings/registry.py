"""The registry: the neighbourhood's households, and the calldata with which the authority writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from contracts.bindings.view import Block, Calls, read
from contracts.codec import interface

CONTRACT = "NodeRegistry"
PAGE = 50
"""Households asked for in one call: their answer stays below 50 kB."""


class Role(IntEnum):
    """What a household does in the neighbourhood; the market does not ask for it."""

    PRODUCER = 0
    CONSUMER = 1
    PROSUMER = 2


@dataclass(frozen=True)
class Household:
    """One entry of the registry."""

    account: str
    name: str
    role: Role
    enode: str
    """Address of its chain node, `enode://…@host:port`; empty if it runs none."""

    relay: str
    """Endpoint of its relay server, `host:port`; empty if it has none."""

    admitted: bool = True
    """False while it is suspended: it neither offers nor buys."""


@dataclass(frozen=True)
class Registry:
    """The registry at an address, read through a chain client. Encoding needs no client.

    Every reader raises `WrongContract` if something else answers, and what the client raises.
    """

    client: Calls
    address: str

    def households(self, block: Block = "latest") -> list[Household]:
        """All households, suspended ones included, in the order of their admission."""
        found: list[Household] = []
        while True:
            page = self._read(block, "households", len(found), PAGE)
            found += [_household(entry) for entry in page]
            if len(page) < PAGE:
                return found

    def household(self, account: str, block: Block = "latest") -> Household | None:
        """One household; None if the registry does not know the account."""
        found = _household(self._read(block, "household", account))
        return found if found.name else None

    def owner(self, block: Block = "latest") -> str:
        """The authority, which admits and suspends."""
        return str(self._read(block, "owner"))

    def admitted(self, account: str, block: Block = "latest") -> bool:
        """Whether an account may offer and buy."""
        return bool(self._read(block, "isAdmitted", account))

    @staticmethod
    def encode_admit(household: Household) -> bytes:
        """Admit a household, correct its entry, or lift its suspension, as the authority."""
        h = household
        return interface(CONTRACT).encode("admit", h.account, h.name, int(h.role), h.enode, h.relay)

    @staticmethod
    def encode_suspend(account: str) -> bytes:
        """Keep a household from new offers and orders, as the authority."""
        return interface(CONTRACT).encode("suspend", account)

    def _read(self, block: Block, function: str, *values: Any) -> Any:
        return read(self.client, CONTRACT, self.address, block, function, *values)


def _household(found: Mapping[str, Any]) -> Household:
    return Household(**{**found, "role": Role(found["role"])})
