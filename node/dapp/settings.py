"""The `dapp` section of the configuration: where the household's pages are served, and how many may look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chain.endpoint import checked
from quantities.fields import PowerField, SecondsField


class DappSettings(BaseModel):
    """The web pages of the household."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: Annotated[str, AfterValidator(checked("10.0.0.2:8080"))] = Field(
        "127.0.0.1:8080", description="address and port of the household's pages"
    )
    threads: int = Field(4, ge=1, le=32, description="requests answered at the same time")
    viewers: int = Field(200, ge=1, le=2000, description="open pages that are kept live at the same time")
    session: SecondsField = Field(30 * 86_400.0, description="how long a login lasts without being used")
    names: tuple[str, ...] = Field(
        (), description="further host names under which the pages are opened, e.g. commonwatt-birch.local"
    )
    panels: tuple[str, ...] = Field(("panel",), description="meters of what the household makes")
    loads: tuple[str, ...] = Field(("load",), description="meters of what the household draws")
    threshold: PowerField | None = Field(
        None, description="power that the household wants to stay below: a line on the Energy page"
    )
    logs: Path | None = Field(
        None,
        description="folder of the processes' log files, household.process.log, for the log page; null: "
        "systemd's journal",
    )
