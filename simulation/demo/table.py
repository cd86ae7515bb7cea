"""The live table on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulation.demo.view import Row

COLOURS = {
    "home": "green",
    "buying": "yellow",
    "supplied": "cyan",
    "returning": "blue",
    "no-supply": "red",
    "fault": "bold red",
    "off": "dim",
    "starting": "dim",
}


def render(rows: Sequence[Row], heading: str, footer: Sequence[str]) -> Group:
    """The whole picture: households, then the latest news."""
    table = Table(title=heading, title_justify="left", expand=True)
    table.add_column("Household", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("SoC", justify="right", no_wrap=True)
    table.add_column("Source", no_wrap=True)
    table.add_column("Tokens", justify="right", no_wrap=True)
    table.add_column("Trade", ratio=1)
    table.add_column("Block", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row.household, style="bold") + Text(f" {row.role}", style="dim"),
            Text(row.state, style=COLOURS.get(row.state, "")),
            row.soc,
            row.source,
            row.balance,
            row.trade or Text(row.reason, style="dim"),
            "–" if row.height is None else str(row.height),
        )
    return Group(table, *(Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in footer))
