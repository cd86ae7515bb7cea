"""The `dapp` section of the configuration: where the household's pages are served, and how many may look."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quantities.fields import SecondsField

ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>\d{1,5})\Z")


def host_and_port(address: str) -> tuple[str, int]:
    """Read `host:port`, or `[v6]:port`.

    Raises:
        ValueError: anything else.
    """
    match = ADDRESS.match(address)
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise ValueError("write an address and a port: '10.0.0.2:8080'")
    return match["v6"] or match["host"], int(match["port"])


def _checked(address: str) -> str:
    host_and_port(address)
    return address


class DappSettings(BaseModel):
    """The web pages of the household."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: Annotated[str, AfterValidator(_checked)] = Field(
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
