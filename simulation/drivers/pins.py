"""The simulated pins: energise the coils of one household in a running world.

The world lets the coils fall when this connection is lost, as they do when a Raspberry Pi dies. When the
world was restarted, the outputs that were driven are driven again: a real output would not have noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chain import options
from simulation.world.client import WorldClient, WorldGone, WorldRefused
from simulation.world.spec import Defect


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: simulated`."""

    world: str
    """The world's Unix socket."""

    household: str
    """Whose contacts these pins drive."""

    defects: Mapping[int, Defect] = field(default_factory=dict)
    """By pin, how its contact is broken: `stuck`, `stuck-open`, `welded`, `slow` or `bouncing`."""


class SimulatedPins:
    """Entry point `simulated` in `commonwatt.pins`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._options = options.read(Options, given)
        self._driven: dict[int, bool] = {}
        self._world = WorldClient(self._options.world, greet=self._greet)

    def drive(self, pin: int, energised: bool) -> None:
        """Energise or release one coil.

        Raises:
            OSError: no world, or no contact at this pin.
        """
        self._driven[pin] = energised
        try:
            self._world.ask("drive", pin=pin, energised=energised)
        except WorldRefused as error:
            raise OSError(str(error)) from error

    def followed(self, pin: int) -> bool | None:
        """What the auxiliary contact says; nothing while no world answers."""
        return self._asked("followed", pin)

    def powered(self, pin: int) -> bool | None:
        """Whether there is voltage on the contact's supply side; nothing while no world answers."""
        return self._asked("powered", pin)

    def beat(self) -> None:
        """No hardware timer is wired here: the lost connection does its work."""

    def close(self) -> None:
        """Let go of the world."""
        self._world.close()

    def _asked(self, what: str, pin: int) -> bool | None:
        try:
            return bool(self._world.ask(what, pin=pin)[what])
        except WorldGone:
            return None
        except WorldRefused as error:
            raise OSError(str(error)) from error

    def _greet(self, world: WorldClient) -> None:
        world.exchange("attach", household=self._options.household)
        for pin, defect in self._options.defects.items():
            world.exchange("break", pin=pin, defect=defect)
        for pin, energised in self._driven.items():
            world.exchange("drive", pin=pin, energised=energised)
