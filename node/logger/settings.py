"""The `battery:` section: which sensor sits on the battery, and how its state of charge is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from node.logger.curves import Chemistry
from node.sensors.settings import MeterName
from quantities.amount import scaled
from quantities.energy import Energy
from quantities.fields import EnergyField, SoCField
from quantities.said import Said
from quantities.soc import FULL

MILLI = {"mV": 0, "V": 3, "mΩ": 0, "mOhm": 0, "Ω": 3, "Ohm": 3}


def _milli(*units: str) -> BeforeValidator:
    """A reader of "number unit" into thousandths of the unit."""

    def read(given: object) -> int:
        match = re.match(r"\s*([\d.]+)\s*(\S+)\s*\Z", given) if isinstance(given, str) else None
        if match is None or match[2] not in units:
            raise ValueError(
                Said(
                    "write a number with one of the units %(units)s: %(like)s",
                    units=", ".join(units),
                    like=repr(f"5 {units[0]}"),
                )
            )
        return scaled(match[1], MILLI[match[2]])

    return BeforeValidator(read)


VoltageField = Annotated[int, _milli("V", "mV"), PlainSerializer(lambda mv: f"{mv} mV")]
ResistanceField = Annotated[
    int, _milli("mOhm", "Ohm", "mΩ", "Ω"), PlainSerializer(lambda mohm: f"{mohm} mOhm")
]


class BatterySettings(BaseModel):
    """The household's battery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sensor: MeterName = Field(description="The sensor on the battery; forward is charging.")
    capacity: EnergyField = Field(description="Usable energy of the full battery.")
    fuelgauge: bool = Field(
        default=False, description="The sensor is a fuel gauge and gives the state of charge."
    )
    gauge: MeterName | None = Field(
        default=None,
        description="A fuel gauge beside the sensor: another sensor, which gives the state of charge.",
    )
    chemistry: Chemistry = Field(
        default=Chemistry.LI_ION, description="Chooses the open-circuit-voltage curve."
    )
    cells: int = Field(default=1, ge=1, le=200, description="Cells in series.")
    curve: Mapping[SoCField, VoltageField] | None = Field(
        default=None,
        description="Open-circuit voltage of the battery by state of charge, instead of the chemistry's.",
    )
    resistance: ResistanceField | None = Field(
        default=None, description="Internal resistance of the battery: corrects the voltage under load."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.capacity <= Energy(0):
            raise ValueError(Said("capacity: a battery holds more than nothing"))
        if self.curve is not None:
            points = sorted((soc.value, voltage) for soc, voltage in self.curve.items())
            voltages = [voltage for _, voltage in points]
            if len(points) < 2 or points[0][0] != 0 or points[-1][0] != FULL:
                raise ValueError(
                    Said("curve: give the voltage at 0 %, at 100 %, and at as many points between as known")
                )
            if any(high <= low for low, high in pairwise(voltages)):
                raise ValueError(Said("curve: the voltage rises with the state of charge"))
        return self
