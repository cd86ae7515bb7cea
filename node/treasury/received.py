"""Tokens that households have sent to the treasurer, as the chain has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.statement.happened import NOBODY
from node.statement.history import Node, history
from quantities import Tokens

if TYPE_CHECKING:
    from contracts.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Received:
    """One transfer."""

    transaction: str
    index: int
    """Of its event within its block."""

    sender: str
    tokens: Tokens
    at: int
    """Unix seconds of its block."""

    @property
    def id(self) -> str:
        """Transaction and index: a transaction of many transfers is told apart."""
        return f"{self.transaction}:{self.index}"


def received(node: Node, manifest: Manifest, treasurer: str, last: int) -> list[Received]:
    """Every transfer to an account up to a block, oldest first; what was minted for it is none."""
    aside = {NOBODY, treasurer, *manifest.markets()}
    return [
        Received(
            transaction=event.transaction,
            index=event.index,
            sender=event.fields["from"],
            tokens=Tokens(event.fields["value"]),
            at=event.at,
        )
        for event in history(node, manifest, last, treasurer)
        if event.name == "Transfer"
        and event.fields["to"] == treasurer
        and event.fields["from"] not in aside
        and event.fields["value"]
    ]
