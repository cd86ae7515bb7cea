"""The `tariffs` section: what a kilowatt-hour costs, by hours, days, months, or a file; in versions."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from node.client_interaction.settings import ClockField
from node.hours import DAYS
from node.tariffs.intervals import DECIMALS
from node.tariffs.plan import MONTHS
from quantities.amount import scaled, trimmed
from quantities.said import Said

Words = tuple[str, ...]


def _micro(given: object) -> int:
    """Read a price, exact to the micro-unit."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(Said("write a price per kWh as a number: 0.2516"))  # noqa: TRY004 - as pydantic reports
    return scaled(str(given), DECIMALS)


def _some_of(known: Words) -> AfterValidator:
    def check(given: Words) -> Words:
        for word in given:
            if word not in known:
                raise ValueError(
                    Said(
                        "there is no %(word)s; write some of %(known)s",
                        word=repr(word),
                        known=", ".join(known),
                    )
                )
        return given

    return AfterValidator(check)


MicroField = Annotated[
    int, BeforeValidator(_micro), PlainSerializer(lambda micro: trimmed(micro, DECIMALS, DECIMALS))
]


class RateSettings(BaseModel):
    """Another price at certain times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = Field(
        description="what it is called in answers, such as night"
    )
    price: MicroField = Field(description="per kWh, six decimals at most")
    night: bool = Field(False, description="whether CitizenWatt's clients are told that it is the night rate")
    days: Annotated[Words, _some_of(DAYS)] = Field(
        (), description="some of mon, tue, wed, thu, fri, sat, sun; empty: all"
    )
    months: Annotated[Words, _some_of(MONTHS)] = Field((), description="jan, feb, … dec; empty: all")
    after: ClockField | None = Field(None, description="from this time of day on, by the household's clock")
    before: ClockField | None = Field(
        None, description="until this time of day, on the next day if it is not later than `after`"
    )


class VersionSettings(BaseModel):
    """Prices that hold from a day on, until the next version begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from: date = Field(description="the first day, by the household's clock")
    price: MicroField = Field(description="per kWh whenever no rate holds, six decimals at most")
    rates: tuple[RateSettings, ...] = Field((), description="other prices: the first that holds counts")
    intervals: Path | None = Field(
        None, description="CSV of prices by interval (start,end,price), which count where there are any"
    )


class TariffSettings(BaseModel):
    """What energy costs by one contract. A new price is a new version: nothing of before changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,10}$")] = Field(
        "EUR", description="of all its prices"
    )
    versions: tuple[VersionSettings, ...] = Field(min_length=1, description="oldest first")

    @model_validator(mode="after")
    def _one_after_another(self) -> Self:
        for before, after in pairwise(self.versions):
            if after.valid_from <= before.valid_from:
                raise ValueError(
                    Said(
                        "`versions` begin one after another: %(after)s follows %(before)s",
                        after=after.valid_from,
                        before=before.valid_from,
                    )
                )
        return self
