"""The `mqtt` section: the broker that is told what the household does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chain.endpoint import checked
from quantities.fields import SecondsField
from quantities.said import Said

Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]


class MqttSettings(BaseModel):
    """Publishing to an MQTT broker, by `commonwatt mqtt run`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: Annotated[str, AfterValidator(checked("10.0.0.5:1883"))] | None = Field(
        None, description="address and port of the broker; null: nothing is published"
    )
    user: str | None = Field(None, description="by which the broker knows this household")
    password_file: Path | None = Field(None, description="file with the password; nobody else may read it")
    tls: bool = Field(False, description="verify the broker by the system's certificates")
    every: SecondsField = Field(10.0, ge=1, le=3600, description="time between two states")
    prefix: Topic = Field("commonwatt", description="of every topic, before the household's name")
    discovery: Topic | None = Field(
        "homeassistant", description="prefix of Home Assistant's discovery; null: it is not told"
    )

    @model_validator(mode="after")
    def _user_has_a_password(self) -> Self:
        if (self.user is None) is not (self.password_file is None):
            raise ValueError(Said("`user` and `password_file` go together: add the other"))
        return self
