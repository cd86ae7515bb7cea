"""When each process was of use for the first time, seconds after the demo began."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from neighbourhood.ports import PAGES, RELAY
from simulation.neighbourhood.folders import Neighbourhood


def signs(neighbourhood: Neighbourhood) -> dict[str, Callable[[], bool]]:
    """By process: how to see that it is of use."""
    found: dict[str, Callable[[], bool]] = {"world": exists(neighbourhood.run / "world.sock")}
    for member in neighbourhood.scenario.members:
        run, host = neighbourhood.household_run(member.name), str(member.address)
        found[f"{member.name}.chain"] = exists(run / "chain.json")
        found[f"{member.name}.logger"] = exists(run / "battery.json")
        found[f"{member.name}.relay"] = listens(host, RELAY)
        found[f"{member.name}.client-interaction"] = exists(run / "trading.json")
        found[f"{member.name}.dapp"] = listens(host, PAGES)
        if member.seals:
            found[f"{member.name}.sealer"] = exists(run / "sealer.sock")
    return found


def exists(path: Path) -> Callable[[], bool]:
    """A file is there."""
    return path.exists


def listens(host: str, port: int) -> Callable[[], bool]:
    """Something accepts connections."""

    def probe() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(0.2)
            return attempt.connect_ex((host, port)) == 0

    return probe


class Startup:
    """Looks for the signs that have not been seen."""

    def __init__(self, wanted: dict[str, Callable[[], bool]]) -> None:
        self._wanted = dict(wanted)
        self.seen: dict[str, float] = {}

    def look(self, elapsed: float) -> None:
        """Look once, `elapsed` seconds after the beginning."""
        for name in [name for name, sign in self._wanted.items() if sign()]:
            self.seen[name] = round(elapsed, 2)
            del self._wanted[name]

    @property
    def missing(self) -> list[str]:
        """What has not been of use yet."""
        return list(self._wanted)
