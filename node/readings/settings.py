"""The `readings:` section: where measurements are kept, how often they are taken, and for how long."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from quantities.fields import SecondsField
from quantities.said import Said


def server(url: str) -> str:
    """The URL of a PostgreSQL, as it is.

    Raises:
        ValueError: it is none, or holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(Said("write a PostgreSQL URL, postgresql://user@host/database, or null for SQLite"))
    if parts.password is not None:
        raise ValueError(
            Said(
                "keep the password out of the configuration: put it into a file as described in "
                "https://www.postgresql.org/docs/current/libpq-pgpass.html and append ?passfile=/path/to/it"
            )
        )
    return url


class RollupsSettings(BaseModel):
    """For how many days the rollups of each level stay; null: for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: int | None = Field(default=400, ge=1, description="Days that those of a minute stay.")
    quarters: int | None = Field(
        default=3650, ge=1, description="Days that those of 15 minutes and of an hour stay."
    )
    days: int | None = Field(default=None, ge=1, description="Days that those of a day stay.")


class ReadingsSettings(BaseModel):
    """Where and how measurements are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(server)] | None = Field(
        default=None,
        description="PostgreSQL, as postgresql://user@host/database; null: SQLite in paths.state.",
    )
    sample: SecondsField = Field(default=1.0, ge=0.05, le=3600, description="Time between two samples.")
    sync: SecondsField = Field(
        default=10.0,
        gt=0,
        le=10,
        description="Samples are brought onto the disk this often; a power cut loses no more.",
    )
    batch: SecondsField = Field(
        default=900.0,
        gt=0,
        le=3600,
        description="They are stored together this often; until then they are in a spool, and shown from it.",
    )
    spool_mb: int = Field(
        default=64,
        ge=1,
        description="Megabytes on the disk for samples that cannot be stored: 64 are 7 days of 5 sensors "
        "each second. Then the oldest go.",
    )
    keep_days: int = Field(default=90, ge=1, description="Samples older than this many days are deleted.")
    keep_rollups: RollupsSettings = Field(
        default=RollupsSettings(),
        description="How long the sums of each minute, quarter of an hour and day stay; null: for ever.",
    )

    @model_validator(mode="after")
    def _coarser_stays_longer(self) -> Self:
        kept = {
            "keep_days": self.keep_days,
            "keep_rollups.minutes": self.keep_rollups.minutes,
            "keep_rollups.quarters": self.keep_rollups.quarters,
            "keep_rollups.days": self.keep_rollups.days,
        }
        for (finer, short), (coarser, long) in pairwise(kept.items()):
            if long is not None and (short is None or long < short):
                raise ValueError(
                    Said(
                        "%(coarser)s (%(long)s) is below %(finer)s (%(short)s): what is coarser is made "
                        "of what is finer, and stays at least as long",
                        coarser=coarser,
                        long=long,
                        finer=finer,
                        short=Said("for ever") if short is None else short,
                    )
                )
        return self
