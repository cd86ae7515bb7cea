"""The `reports:` section: whether the household reports to the chain, and how often."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quantities.fields import SecondsField
from quantities.said import Said

DAY = 86_400


def _divides_a_day(seconds: float) -> float:
    if seconds < 60 or seconds > DAY or DAY % seconds:
        raise ValueError(
            Said("write a part of a day that divides it evenly, from 1 min to 24 h: 15 min, 60 min, 24 h")
        )
    return seconds


class ReportsSettings(BaseModel):
    """What the household makes and draws, told to the neighbourhood as sums, with a root of its readings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="whether the household reports what it made and drew")
    interval: Annotated[SecondsField, AfterValidator(_divides_a_day)] = Field(
        float(DAY),
        description="of each sum, from midnight UTC on; the shorter, the more neighbours learn of a day",
    )
