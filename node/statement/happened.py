"""One event of the token or of a market, as the statement takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOBODY = "0x" + "0" * 40
"""From where minted tokens come, and whereto burned ones go."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """An event with its moment."""

    block: int
    index: int
    """Within the block."""

    at: int
    """Unix seconds of its block."""

    transaction: str
    address: str
    """The contract's, checksummed."""

    name: str
    """Of the event, as in the contract."""

    fields: Mapping[str, Any]
