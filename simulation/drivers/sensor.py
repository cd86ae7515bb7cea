"""The simulated sensor: reads one measuring point of a running world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain import options
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError
from simulation.world.client import WorldClient
from simulation.world.spec import WorldError


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: simulated`."""

    world: str
    """The world's Unix socket."""

    point: str
    """Where the sensor sits: "birch.battery"."""


class SimulatedSensor:
    """Entry point `simulated` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._options = options.read(Options, given)
        self._world = WorldClient(self._options.world, patience=0.3)

    def read(self) -> Sequence[Measurement]:
        """Everything that is shown at the point.

        Raises:
            SensorError: the world does not answer, or has no such point, or the sensor is dead.
        """
        try:
            answer = self._world.ask("sense", point=self._options.point)
        except WorldError as error:
            raise SensorError(str(error)) from error
        taken = float(answer["taken"])
        return [Measurement(Quantity(name), value, taken) for name, value in answer["values"].items()]

    def close(self) -> None:
        """Let go of the world."""
        self._world.close()
