"""The `notifications` section: who is told what is wrong, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from node.alerts import Severity
from node.client_interaction.settings import ClockField
from quantities.said import Said


class NotificationsSettings(BaseModel):
    """Telling people by e-mail, ntfy, Telegram and others, by `commonwatt notify run`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: Path | None = Field(
        None,
        description="file with whom to tell, one Apprise address a line, as ntfy://ntfy.sh/our-house; "
        "nobody else may read it; null: nobody is told",
    )
    least: Severity = Field(Severity.WARNING, description="warning, or critical: nothing below it is told")
    quiet_after: ClockField | None = Field(
        None, description="from this time of day on only what is critical is told, by the household's clock"
    )
    quiet_before: ClockField | None = Field(None, description="until this time of day")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.quiet_after is None) is not (self.quiet_before is None):
            raise ValueError(Said("`quiet_after` and `quiet_before` go together: add the other"))
        if self.quiet_after is not None and self.quiet_after == self.quiet_before:
            raise ValueError(
                Said("`quiet_after` and `quiet_before` are the same time; for the whole day: least: critical")
            )
        return self
