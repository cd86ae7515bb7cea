"""The lines between households: each from a seller's feed contact to a buyer's tie contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line and the numbers of its two contacts."""

    seller: str
    feed: int
    buyer: str
    tie: int


def sellers(
    lines: Iterable[Line], buyer: str, accounts: Mapping[str, str], relays: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The section `sellers` of a buyer's configuration.

    Args:
        accounts: household → account, of those that have one: from others nothing is bought yet.
        relays: household → endpoint of its relay server.
    """
    return {
        line.seller: {
            "account": accounts[line.seller],
            "relay": relays[line.seller],
            "contact": line.feed,
            "channel": line.tie,
        }
        for line in lines
        if line.buyer == buyer and line.seller in accounts
    }
