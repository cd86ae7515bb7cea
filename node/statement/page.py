"""A statement as one HTML file: made for paper (A4), readable on a phone, complete in itself.

In the language in force (`node.dapp.language`): English at the command line, the reader's on the pages. Only
the words and the marks within a number differ: its digits are the same.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from node.dapp import language, words
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.told import told
from node.statement import table
from node.statement.forecast import sentence
from node.statement.reading import Paper
from quantities import Tokens

TEMPLATE = Path(__file__).with_name("statement.html")


def as_html(paper: Paper) -> str:
    """The page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found = paper.statement
    first = datetime.fromtimestamp(paper.month.start, paper.month.zone)
    until = datetime.fromtimestamp(paper.until, paper.month.zone)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        _=_,
        language=language.name(),
        paper=paper,
        title=language.written(first, "%B %Y"),
        zone=paper.month.zone.key,
        figure=_figure,
        opening=found.opening,
        closing=found.closing,
        sums=[
            (_(label), language.amount(energy), _signed(tokens))
            for label, energy, tokens in table.sums(paper)
        ],
        rows=[
            {
                "at": language.written(datetime.fromtimestamp(row.at, paper.month.zone), table.MOMENT),
                "what": words.capital(_(table.WORDS[row.kind])),
                "partner": _short(table.partner(paper, row)),
                "account": row.partner,
                "energy": words.amount(row.energy) if row.energy else "",
                "amount": _signed(row.amount),
                "balance": _figure(balance),
                "transaction": row.transaction,
            }
            for row, balance in zip(found.rows, found.balances, strict=True)
        ],
        until=language.written(until, N_("%d %B %Y, %H:%M")),
        gas=[language.number(f"{wei / 10**18:.4f}") for wei in paper.gas],
        warning=None
        if paper.running_out is None
        else words.capital(told(sentence(paper.running_out, paper.month.zone))),
    )


def _figure(tokens: Tokens) -> str:
    """To four places, with the marks of the language."""
    return language.number(table.places(tokens)).replace("-", table.MINUS)


def _signed(tokens: Tokens) -> str:
    return f"+{_figure(tokens)}" if tokens.value > 0 else _figure(tokens)


def _short(name: str) -> str:
    """A name, or as much of an account as fits a line."""
    return f"{name[:8]}…{name[-4:]}" if name.startswith("0x") else name[:1].upper() + name[1:]
