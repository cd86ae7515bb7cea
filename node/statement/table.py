"""A statement as text, CSV and JSON: in English, but for the words of a table that the pages hand out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from node.dapp import language
from node.dapp.language import ENGLISH, N_
from node.dapp.language import gettext as _
from node.statement.forecast import sentence
from node.statement.monthly import Holding
from node.statement.reading import Paper
from node.statement.rows import Kind, Row
from quantities import Tokens
from quantities.amount import shown
from quantities.money import DECIMALS

COLUMNS = (
    N_("time"), N_("what"), N_("partner"), N_("energy_mwh"), N_("tokens_base_units"),
    N_("balance_base_units"), N_("set_aside_base_units"), N_("paid_base_units"),
    N_("price_base_units_per_kwh"), N_("order"), N_("transaction"), N_("block"),
)  # fmt: skip

WORDS = {
    Kind.PAID_IN: N_("paid in"),
    Kind.PAID_OUT: N_("paid out"),
    Kind.ORDERED: N_("ordered"),
    Kind.BOUGHT: N_("bought"),
    Kind.GIVEN_BACK: N_("given back"),
    Kind.TAKEN_BACK: N_("taken back"),
    Kind.SOLD: N_("sold"),
    Kind.SENT: N_("sent"),
    Kind.RECEIVED: N_("received"),
    Kind.BURNED: N_("burned"),
}
"""Kinds of movements, as messages."""

MOMENT = N_("%d %b %H:%M")
MINUS = "−"
BOM = "\ufeff"


def sums(paper: Paper) -> tuple[tuple[str, str, Tokens], ...]:
    """What the month came to: label (a message), energy or nothing, tokens with their sign.

    They add up exactly.
    """
    s = paper.statement.sums
    listed = [
        (N_("Bought from neighbours"), str(s.bought), -s.paid),
        (N_("Sold to neighbours"), str(s.sold), s.earned),
        (N_("Paid in with the treasurer"), "", s.paid_in),
        (N_("Paid out by the treasurer"), "", -s.paid_out),
        (N_("Received from others"), "", s.received),
        (N_("Sent to others"), "", -s.sent),
        (N_("Burned"), "", -s.burned),
    ]
    always = 4
    return tuple(line for place, line in enumerate(listed) if place < always or line[2])


def as_text(paper: Paper) -> Iterator[str]:
    """For people at a terminal."""
    found, zone = paper.statement, paper.month.zone
    yield f"{paper.household.name}, {paper.month} (times in {zone.key})"
    for row, balance in zip(found.rows, found.balances, strict=True):
        energy = str(row.energy) if row.energy else ""
        yield (
            f"{moment(paper, row.at)}  {row.kind:<10}  {partner(paper, row):<12}  {energy:>10}  "
            f"{amount(row.amount):>12}  {figure(balance):>12}"
        )
    begin, end = found.opening, found.closing
    yield f"balance at the beginning  {figure(begin.total):>12} tokens{_aside(begin.set_aside)}"
    for label, energy, tokens in sums(paper):
        yield f"{label:<26}{amount(tokens):>12}{f'  for {energy}' if energy else ''}"
    when = "at the end" if paper.complete else f"at block {paper.block}"
    yield f"balance {when:<16} {figure(end.total):>12} tokens{_aside(end.set_aside)}"
    yield f"gas credit {paper.gas[0] / 10**18:g} → {paper.gas[1] / 10**18:g}"
    if paper.running_out is not None:
        yield f"{sentence(paper.running_out, zone)}"


def as_csv(paper: Paper) -> str:
    """A line a movement; times in the statement's zone, each with its offset from UTC.

    Figures are whole and the same in every language. Where numbers have a comma, a semicolon stands between
    columns and a mark of its encoding before them, as spreadsheets there expect.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", delimiter=";" if "," in language.number("0.5") else ",")
    writer.writerow(_(column) for column in COLUMNS)
    for row, balance in zip(paper.statement.rows, paper.statement.balances, strict=True):
        fields = _fields(paper, row, balance) | {"what": _(WORDS[row.kind])}
        writer.writerow(fields[column] for column in COLUMNS)
    return out.getvalue() if language.name() == ENGLISH else f"{BOM}{out.getvalue()}"


def as_facts(paper: Paper) -> dict[str, Any]:
    """For programs: energies in mWh, tokens in base units."""
    found, s = paper.statement, paper.statement.sums
    return {
        "household": paper.household.name,
        "account": paper.household.account,
        "month": str(paper.month),
        "time_zone": paper.month.zone.key,
        "complete": paper.complete,
        "block": paper.block,
        "opening": _holding(found.opening),
        "closing": _holding(found.closing),
        "sums": {
            name: (value.mwh if name in ("bought", "sold") else str(value.value))
            for name, value in ((name, getattr(s, name)) for name in s.__dataclass_fields__)
        },
        "gas_credit_wei": [str(wei) for wei in paper.gas],
        "rows": [
            _fields(paper, row, balance) for row, balance in zip(found.rows, found.balances, strict=True)
        ],
        "running_out": None
        if paper.running_out is None
        else {"at": paper.running_out.at, "top_up": paper.running_out.top_up},
    }


def moment(paper: Paper, at: int) -> str:
    """Day and time in the statement's zone."""
    return datetime.fromtimestamp(at, paper.month.zone).strftime(MOMENT)


def partner(paper: Paper, row: Row) -> str:
    """Who was on the other side."""
    return paper.names.get(row.partner, row.partner)


def amount(tokens: Tokens) -> str:
    """With its sign."""
    return f"+{figure(tokens)}" if tokens.value > 0 else figure(tokens)


def figure(tokens: Tokens) -> str:
    """To four places, so that the eye can add them up."""
    return places(tokens).replace("-", MINUS)


def places(tokens: Tokens) -> str:
    """The same as Python writes it."""
    return shown(tokens.value, DECIMALS, 4)


def _holding(held: Holding) -> dict[str, str]:
    return {"balance": str(held.balance.value), "set_aside": str(held.set_aside.value)}


def _aside(tokens: Tokens) -> str:
    return f", {tokens} of them set aside for running orders" if tokens else ""


def _fields(paper: Paper, row: Row, balance: Tokens) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(row.at, paper.month.zone).isoformat(timespec="seconds"),
        "what": row.kind.value,
        "partner": partner(paper, row),
        "energy_mwh": row.energy.mwh,
        "tokens_base_units": str(row.amount.value),
        "balance_base_units": str(balance.value),
        "set_aside_base_units": str(row.set_aside.value),
        "paid_base_units": str(row.paid.value),
        "price_base_units_per_kwh": "" if row.price is None else str(row.price.value),
        "order": row.order,
        "transaction": row.transaction,
        "block": row.block,
    }
