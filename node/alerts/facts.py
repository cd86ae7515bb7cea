"""What alerts are judged by: read from the run folder and the disk; nothing here waits."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from node.dapp.household import Household
from node.dapp.sources import Observation
from node.sensors import status
from node.sensors.status import Status


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One household at one moment."""

    seen: Observation
    boottime: float
    sensors: Mapping[str, Status] | None = field(default_factory=dict)
    """None: no logger runs."""
    free: int | None = None
    """Bytes left for the household's files."""
    outlook: str = ""
    """Of the tokens, as a sentence; empty: they last."""
    others: tuple[str, ...] = ()
    """Households whose nodes follow another chain than ours, as far as anybody asked them."""


def gather(
    house: Household, seen: Observation, boottime: float, outlook: str = "", others: tuple[str, ...] = ()
) -> Facts:
    """Look at what is beside an observation, once.

    Args:
        seen: of this moment.
        boottime: boottime seconds.
        outlook: whether the tokens last, by whoever knows.
        others: who follows another chain, by whoever asks the neighbours.
    """
    try:
        free = shutil.disk_usage(house.state).free
    except OSError:
        free = None
    return Facts(
        seen=seen,
        boottime=boottime,
        sensors=status.read(house.run),
        free=free,
        outlook=outlook,
        others=others,
    )
