"""The `readings:` section: where measurements are kept, how often they are taken, and for how long."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quantities.fields import SecondsField


def _server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("write a PostgreSQL URL, postgresql://user@host/database, or null for SQLite")
    if parts.password is not None:
        raise ValueError(
            "keep the password out of the configuration: put it into a file as described in "
            "https://www.postgresql.org/docs/current/libpq-pgpass.html and append ?passfile=/path/to/it"
        )
    return url


class ReadingsSettings(BaseModel):
    """Where and how measurements are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_server)] | None = Field(
        default=None,
        description="PostgreSQL, as postgresql://user@host/database; null: SQLite in paths.state.",
    )
    sample: SecondsField = Field(default=1.0, ge=0.05, le=3600, description="Time between two samples.")
    batch: SecondsField = Field(
        default=5.0,
        gt=0,
        le=10,
        description="Samples are stored together this often; a power cut loses one batch.",
    )
    keep_days: int = Field(default=90, ge=1, description="Samples older than this many days are deleted.")
