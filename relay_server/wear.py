"""How much of its rated life each contact has used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay_server.acts import HOME

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

WORN = 0.8
"""Of the rated life: from here on a contact is to be replaced at the next occasion."""


@dataclass(frozen=True, kw_only=True)
class Wear:
    """One contact."""

    contact: int
    operations: int
    life: int
    """Operations that its maker states at the load it switches."""

    @property
    def used(self) -> float:
        """Of its life; above 1 it is beyond it."""
        return self.operations / self.life

    @property
    def worn(self) -> bool:
        """Whether it is to be replaced."""
        return self.used >= WORN


def lives(settings: RelaySettings) -> dict[int, int]:
    """Operations that each configured contact lives for, home first."""
    found = {each.contact: each.life for each in (*settings.feeds, *settings.ties)}
    return ({HOME: settings.transfer.home_life} if settings.transfer else {}) | found


def wear(lives: Mapping[int, int], operations: Mapping[int, int]) -> tuple[Wear, ...]:
    """Every contact that has a life, in that order.

    Args:
        operations: by contact, as kept in relay.db.
    """
    return tuple(
        Wear(contact=contact, operations=operations.get(contact, 0), life=life)
        for contact, life in lives.items()
    )
