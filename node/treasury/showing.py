"""The ledger as text, CSV and JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from node.statement.forecast import sentence
from node.treasury.entries import TOKENS, Entry, balances
from node.treasury.errors import Refused
from node.treasury.money import Money
from node.treasury.overview import Overview
from node.wallet.journal import Stage
from quantities import Tokens


@dataclass(frozen=True)
class Span:
    """Which days are shown; balances are always of all."""

    start: float
    """Unix seconds."""

    end: float

    @classmethod
    def of(cls, first: str | None, last: str | None, zone: tzinfo | None) -> Span:
        """From the beginning of one day to the end of another; None: without that limit.

        Raises:
            Refused: not a day.
        """
        start = _day(first, zone) if first else float("-inf")
        return cls(start, _day(last, zone, 1) if last else float("inf"))

    def __contains__(self, entry: object) -> bool:
        return isinstance(entry, Entry) and self.start <= entry.at < self.end


def as_text(seen: Overview, span: Span, zone: tzinfo | None) -> Iterator[str]:
    """For people."""
    for entry in seen.checked.entries:
        if entry in span:
            yield "  ".join(filter(None, _line(entry, zone)))
    yield ""
    yield f"balances at block {seen.block}, {_moment(seen.at, zone)}"
    for (account, commodity), amount in sorted(balances(seen.checked.entries).items()):
        shown = f"{Tokens(amount)} tokens" if commodity == TOKENS else str(Money(amount, commodity))
        yield f"  {account:<12} {shown}"
    checked = seen.checked
    same = "equal to" if checked.outstanding == checked.supply else "NOT equal to"
    yield f"  {checked.outstanding} tokens by the book, {same} {checked.supply} on the chain"
    yield "  held " + ", ".join(f"{amount} {where}" for where, amount in seen.held.items())
    for came in seen.waiting:
        name = seen.names.get(came.sender, came.sender)
        yield f"not cashed out: {came.tokens} tokens from {name}, {came.id}"
    for name, warned in seen.running_out.items():
        yield f"{name}: {sentence(warned, zone)}"
    for found in checked.differences:
        yield f"DIFFERENCE: {found.what}, transaction {found.transaction}"
    if checked.differences:
        yield "write what you know about it with: commonwatt tokens explain TRANSACTION --reference TEXT"


def as_facts(seen: Overview, span: Span, zone: tzinfo | None) -> dict[str, Any]:
    """For programs: tokens in base units, money in its smallest coins."""
    checked = seen.checked
    return {
        "ok": checked.equal,
        "block": seen.block,
        "at": seen.at,
        "entries": [_fields(entry, zone) for entry in checked.entries if entry in span],
        "balances": [
            {"account": account, "commodity": commodity, "amount": str(amount)}
            for (account, commodity), amount in sorted(balances(checked.entries).items())
        ],
        "outstanding": str(checked.outstanding.value),
        "supply": str(checked.supply.value),
        "held": {where: str(amount.value) for where, amount in seen.held.items()},
        "waiting": [
            {"transfer": came.id, "from": came.sender, "tokens": str(came.tokens.value), "at": came.at}
            for came in seen.waiting
        ],
        "running_out": {
            name: {"at": warned.at, "top_up": warned.top_up} for name, warned in seen.running_out.items()
        },
        "differences": [
            {"what": found.what, "transaction": found.transaction} for found in checked.differences
        ],
    }


def as_csv(seen: Overview, span: Span, zone: tzinfo | None) -> str:
    """A line an entry; times with their offset from UTC."""
    out = io.StringIO()
    listed = [_fields(entry, zone) for entry in seen.checked.entries if entry in span]
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue()


FIELDS = (
    "entry", "time", "kind", "state", "household", "account", "tokens_base_units", "minor_units", "currency",
    "reference", "transaction", "transfer",
)  # fmt: skip


def _fields(entry: Entry, zone: tzinfo | None) -> dict[str, Any]:
    money = entry.money
    return {
        "entry": entry.id or "",
        "time": datetime.fromtimestamp(entry.at, zone).astimezone(zone).isoformat(timespec="seconds"),
        "kind": entry.kind.value,
        "state": entry.stage.value,
        "household": entry.name,
        "account": entry.account,
        "tokens_base_units": str(entry.tokens.value),
        "minor_units": "" if money is None else money.minor,
        "currency": "" if money is None else money.currency,
        "reference": entry.reference,
        "transaction": entry.transaction,
        "transfer": entry.transfer,
    }


def _line(entry: Entry, zone: tzinfo | None) -> tuple[str, ...]:
    return (
        _moment(entry.at, zone),
        f"{entry.id or '·':>4}",
        f"{entry.kind:<9}",
        f"{entry.name:<10}",
        f"{'+' if entry.tokens.value > 0 else ''}{entry.tokens}".rjust(12),
        f"{'' if entry.money is None else str(entry.money):>14}",
        entry.reference,
        f"[{entry.stage}{f': {entry.error}' if entry.error else ''}]"
        if entry.stage is not Stage.FINAL
        else "",
    )


def _moment(at: float, zone: tzinfo | None) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def _day(text: str, zone: tzinfo | None, later: int = 0) -> float:
    try:
        day = date.fromisoformat(text) + timedelta(days=later)
    except ValueError:
        raise Refused(f"{text!r} is no day: write it as 2026-11-01") from None
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
