"""A statement as one HTML file: made for paper (A4), readable on a phone, complete in itself. Pure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from node.statement import table
from node.statement.forecast import sentence
from node.statement.reading import Paper

TEMPLATE = Path(__file__).with_name("statement.html")


def as_html(paper: Paper) -> str:
    """The page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found = paper.statement
    first = datetime.fromtimestamp(paper.month.start, paper.month.zone)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        paper=paper,
        title=f"{first:%B %Y}",
        zone=paper.month.zone.key,
        figure=table.figure,
        opening=found.opening,
        closing=found.closing,
        sums=[(label, energy, table.amount(tokens)) for label, energy, tokens in table.sums(paper)],
        rows=[
            {
                "at": table.moment(paper, row.at),
                "what": row.kind.value,
                "partner": _short(table.partner(paper, row)),
                "account": row.partner,
                "energy": str(row.energy) if row.energy else "",
                "amount": table.amount(row.amount),
                "balance": table.figure(balance),
                "transaction": row.transaction,
            }
            for row, balance in zip(found.rows, found.balances, strict=True)
        ],
        until=datetime.fromtimestamp(paper.until, paper.month.zone).strftime("%d %B %Y, %H:%M"),
        gas=[f"{wei / 10**18:.4f}" for wei in paper.gas],
        warning=None if paper.running_out is None else sentence(paper.running_out, paper.month.zone),
    )


def _short(name: str) -> str:
    """A name, or as much of an account as fits a line."""
    return f"{name[:8]}…{name[-4:]}" if name.startswith("0x") else name[:1].upper() + name[1:]
