"""Trades: orders in which the household bought or sold, each with its steps and their proofs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from node.client_interaction.trade import Side, Step, Trade, TradeState
from node.client_interaction.trades import Mark, open_trades
from node.dapp import words
from node.dapp.api import cursor
from node.dapp.api.operations import Format, Table, operation
from node.dapp.api.parameters import Form, Number
from node.dapp.api.problems import Problem
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.local_time import written, zone

AT_ONCE = 200
"""Trades read in one look at the file."""


@dataclass(frozen=True, kw_only=True)
class TradesAsked:
    """Which trades."""

    side: Side | None = None
    """Only those of this side."""
    state: TradeState | None = None
    """Only those in this state."""
    limit: Annotated[int, Number(1, 500)] = 50
    """Rows of a page."""
    cursor: Annotated[str, Form(cursor.PATTERN, cursor.EXAMPLE)] | None = None
    """`next` of the page before."""
    format: Format = Format.JSON


@dataclass(frozen=True, kw_only=True)
class OneTrade:
    """Which trade."""

    order: Annotated[str, Form(r"0x[0-9a-fA-F]{64}", "0x" + "5e" * 32)]
    """The order's id on the chain."""


@dataclass(frozen=True, kw_only=True)
class TradeRow:
    """A trade. Money is in tokens, decimal numbers."""

    order: str
    side: Side
    state: TradeState
    partner: str
    """The other household."""
    account: str
    contact: int
    created: str
    energy_mwh: int
    """Ordered."""
    received_mwh: int
    """By the own meter."""
    vouchered_mwh: int
    """Signed for by the buyer."""
    price_per_kwh: str
    cost: str
    """In escrow from the order to its end."""
    paid: str
    refunded: str
    reason: str
    ending: str
    market: str


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """One thing that happened, and what it can be checked by."""

    name: str
    at: str
    proof_kind: str
    """transaction, block, voucher, meter, or empty."""
    proof: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TradesPage:
    """Trades, the newest first."""

    time_zone: str
    rows: list[TradeRow]
    next: str | None
    """The cursor of the next page; null: this is the last."""


@dataclass(frozen=True, kw_only=True)
class TradeTold:
    """One trade with its timeline."""

    time_zone: str
    trade: TradeRow
    steps: list[StepRow]


@operation("/trades", Scope.TRADES, table=TradesPage)
def trades(asked: TradesAsked) -> Table[TradeRow]:
    """Trades, the newest first."""
    return Table(
        row=TradeRow,
        rows=_rows(asked, _mark(asked.cursor)),
        limit=asked.limit,
        head={"time_zone": str(zone(context().household.time_zone))},
        name="trades",
    )


@operation("/trades/<order>", Scope.TRADES)
def trade(asked: OneTrade) -> TradeTold:
    """One trade with its timeline."""
    found = context().trade(asked.order.lower())
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "This household has no such trade: /api/v1/trades lists them.")
    told, steps = found
    where = zone(context().household.time_zone)
    return TradeTold(
        time_zone=str(where), trade=_row(told, where), steps=[_step(step, where) for step in steps]
    )


def _rows(asked: TradesAsked, mark: Mark | None) -> Iterator[tuple[str, TradeRow]]:
    """Each with the cursor to what comes after it; the file is looked at anew for every few."""
    here = context().household
    where, more = zone(here.time_zone), True
    while more:
        with open_trades(here.state / "trade.db") as reader:
            found = reader.after(mark, AT_ONCE)
        more = len(found) == AT_ONCE
        for trade in found:
            mark = Mark(trade.created, trade.order)
            if asked.side in (None, trade.side) and asked.state in (None, trade.state):
                yield cursor.written(mark.created.hex(), mark.order), _row(trade, where)


def _mark(given: str | None) -> Mark | None:
    if given is None:
        return None
    try:
        created, order = cursor.read(given, 2)
        return Mark(float.fromhex(created), order)
    except ValueError:
        raise cursor.unknown() from None


def _row(trade: Trade, where: ZoneInfo) -> TradeRow:
    return TradeRow(
        order=trade.order,
        side=trade.side,
        state=trade.state,
        partner=trade.partner,
        account=trade.account,
        contact=trade.contact,
        created=written(int(trade.created * 1_000), where),
        energy_mwh=trade.energy.mwh,
        received_mwh=trade.received.mwh,
        vouchered_mwh=trade.vouchered.mwh,
        price_per_kwh=words.exact(trade.price.value),
        cost=words.exact(trade.cost.value),
        paid=words.exact(trade.paid.value),
        refunded=words.exact(trade.refunded.value),
        reason=trade.reason,
        ending=trade.ending,
        market=trade.market,
    )


def _step(step: Step, where: ZoneInfo) -> StepRow:
    at = written(int(step.at * 1_000), where)
    return StepRow(name=step.name, at=at, proof_kind=step.kind, proof=step.proof, text=step.text)
