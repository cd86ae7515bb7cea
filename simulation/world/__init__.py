"""The physical neighbourhood: batteries, panels, loads, lines and contacts, as a deterministic simulation.

`spec` says what is there, `state` how it is at one moment, `step` what the next moment is: a pure function.
`server` lets a world run in real time and answers the sensor and pin drivers over a Unix socket.

Inside, powers are watts, energies milliwatt-hours (with fractions), times world seconds since the start.
"""

from simulation.world.spec import (
    BatterySpec,
    ContactSpec,
    HouseholdSpec,
    LineSpec,
    SpecRefused,
    WorldError,
    WorldSpec,
)
from simulation.world.state import State, initial
from simulation.world.step import step

__all__ = [
    "BatterySpec",
    "ContactSpec",
    "HouseholdSpec",
    "LineSpec",
    "SpecRefused",
    "State",
    "WorldError",
    "WorldSpec",
    "initial",
    "step",
]
