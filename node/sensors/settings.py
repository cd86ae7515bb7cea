"""The `sensors:` section: a sensor's name is its meter's name, `driver` chooses who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from quantities.energy import Energy, Power
from quantities.fields import EnergyField, PowerField

MeterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""Of a sensor and of its meter: lower case letters, digits, - and _, for it becomes a file's name."""


class SensorSettings(BaseModel):
    """One sensor. What stands beside `driver` are the driver's own options; the driver checks them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    driver: str = Field(min_length=1, description="Name of the driver: ina219, or one that a package brings.")
    rating: PowerField = Field(
        default=Power(5_000_000),
        gt=Power(0),
        description="The most that this meter can see: energy and power far beyond it are not believed.",
    )
    rollover: EnergyField | None = Field(
        default=None,
        gt=Energy(0),
        description="Energy at which the device's own counter begins again at zero.",
    )

    @property
    def options(self) -> Mapping[str, Any]:
        """What stands beside `driver`."""
        return self.model_extra or {}


Sensors = dict[MeterName, SensorSettings]
"""The type of the whole section."""
