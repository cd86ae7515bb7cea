"""A statement as text, CSV and JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from node.statement.forecast import sentence
from node.statement.monthly import Holding
from node.statement.reading import Paper
from node.statement.rows import Row
from quantities import Tokens
from quantities.amount import shown
from quantities.money import DECIMALS

COLUMNS = (
    "time", "what", "partner", "energy_mwh", "tokens_base_units", "balance_base_units",
    "set_aside_base_units", "paid_base_units", "price_base_units_per_kwh", "order", "transaction", "block",
)  # fmt: skip


def sums(paper: Paper) -> tuple[tuple[str, str, Tokens], ...]:
    """What the month came to: label, energy or nothing, tokens with their sign. They add up exactly."""
    s = paper.statement.sums
    listed = [
        ("Bought from neighbours", str(s.bought), -s.paid),
        ("Sold to neighbours", str(s.sold), s.earned),
        ("Paid in with the treasurer", "", s.paid_in),
        ("Paid out by the treasurer", "", -s.paid_out),
        ("Received from others", "", s.received),
        ("Sent to others", "", -s.sent),
        ("Burned", "", -s.burned),
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
    """A line a movement; times in the statement's zone, each with its offset from UTC."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row, balance in zip(paper.statement.rows, paper.statement.balances, strict=True):
        writer.writerow(_fields(paper, row, balance))
    return out.getvalue()


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
    return datetime.fromtimestamp(at, paper.month.zone).strftime("%d %b %H:%M")


def partner(paper: Paper, row: Row) -> str:
    """Who was on the other side."""
    return paper.names.get(row.partner, row.partner)


def amount(tokens: Tokens) -> str:
    """With its sign."""
    return f"+{figure(tokens)}" if tokens.value > 0 else figure(tokens)


def figure(tokens: Tokens) -> str:
    """To four places, so that the eye can add them up."""
    return shown(tokens.value, DECIMALS, 4).replace("-", "−")


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
