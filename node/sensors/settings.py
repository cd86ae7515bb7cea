"""The `sensors:` section: a sensor's name is its meter's name, `driver` chooses who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from node.sensors.status import UNSTATED
from quantities.energy import Energy, Power
from quantities.fields import EnergyField, PowerField, SecondsField, millivolts
from quantities.said import Said

MeterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""Of a sensor and of its meter: lower case letters, digits, - and _, for it becomes a file's name."""

VoltageField = Annotated[int, BeforeValidator(millivolts), PlainSerializer(lambda mv: f"{mv} mV")]


class Correction(BaseModel):
    """What a calibration found out about one quantity: true = (shown − zero) · gain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zero: int = Field(
        default=0, description="What the sensor shows at nothing: whole mV, mA or mW, taken off first."
    )
    gain: float = Field(
        default=1.0, ge=0.5, le=2.0, description="True value by shown value; far from 1 the sensor is broken."
    )


class Calibration(BaseModel):
    """What `commonwatt sensor calibrate` found out about the sensor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    voltage: Correction | None = None
    current: Correction | None = None
    power: Correction | None = None


class SensorSettings(BaseModel):
    """One sensor. What stands beside `driver` are the driver's own options; the driver checks them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    driver: str = Field(
        min_length=1, description="Name of the driver, see docs/hardware.md, or one that a package brings."
    )
    rating: PowerField = Field(
        default=Power(UNSTATED),
        gt=Power(0),
        description="The most that this meter can see: energy and power far beyond it are not believed.",
    )
    rollover: EnergyField | None = Field(
        default=None,
        gt=Energy(0),
        description="Energy at which the device's own counter begins again at zero.",
    )
    every: SecondsField | None = Field(
        default=None,
        description="How often the device itself has something new, where that is less often than "
        "readings.sample: samples so far apart have no gap between them.",
    )
    lowest_voltage: VoltageField | None = Field(
        default=None, description="A voltage below it is not believed."
    )
    highest_voltage: VoltageField | None = Field(
        default=None, description="A voltage above it is not believed."
    )
    frozen_after: SecondsField | None = Field(
        default=None,
        description="A sensor that shows exactly the same for so long, and not nothing, is not believed.",
    )
    calibration: Calibration | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        low, high = self.lowest_voltage, self.highest_voltage
        if low is not None and high is not None and low >= high:
            raise ValueError(Said("lowest_voltage: it is below highest_voltage"))
        return self

    @property
    def options(self) -> Mapping[str, Any]:
        """What stands beside `driver`."""
        return self.model_extra or {}

    @property
    def corrections(self) -> Mapping[str, Correction]:
        """Of the quantities that a calibration changes."""
        found = self.calibration or Calibration()
        return {name: by for name, by in found if by is not None and by != Correction()}


Sensors = dict[MeterName, SensorSettings]
"""The type of the whole section."""
