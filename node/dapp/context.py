"""What every page can ask for: the household, its users, and what its processes say right now."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import structlog
from flask import current_app

from node.client_interaction.trade import Step, Trade
from node.client_interaction.trades import open_trades
from node.dapp.household import Household
from node.dapp.ledger import Ledger
from node.dapp.live import Hub, News
from node.dapp.outlook import Outlook
from node.dapp.picture import picture
from node.dapp.purse import Purse, midnight, purse
from node.dapp.sources import Observation, observe
from node.dapp.tries import Tries
from node.dapp.users import Users
from store import snapshot
from store.errors import StoreError

log = structlog.get_logger(__name__)

TODAY = 500
"""Trades looked at for today's money; a household that makes more a day sees the newest of them."""

MONEY_EVERY = 3.0
"""Seconds between two looks at the trades for live pages; the meters are looked at every second."""


@dataclass
class Context:
    """One household's sources. Nothing here writes but `users`."""

    household: Household
    users: Users
    tries: Tries
    _money: tuple[float, Purse | None, str] = field(default=(0.0, None, ""))

    def observe(self) -> Observation:
        """What the run folder holds now."""
        return observe(self.household, time.time(), snapshot.boottime())

    def trades(self, count: int, before: float | None = None) -> list[Trade] | None:
        """The newest trades; None when client-interaction has never run here."""
        try:
            with open_trades(self.household.state / "trade.db") as reader:
                return reader.latest(count, before)
        except (StoreError, sqlite3.Error) as error:
            log.info("trades_unread", error=str(error))
            return None

    def trade(self, order: str) -> tuple[Trade, list[Step]] | None:
        """One trade with its timeline."""
        try:
            with open_trades(self.household.state / "trade.db") as reader:
                found = reader.trade(order)
                return None if found is None else (found, reader.steps(order))
        except (StoreError, sqlite3.Error) as error:
            log.info("trades_unread", error=str(error))
            return None

    def picture(self) -> dict[str, str]:
        """The first page's texts."""
        seen = self.observe()
        self._look_at_money(seen.unix)
        return picture(self.household, seen, self._money[1], self.outlook.says())

    def news(self) -> News:
        """What live pages are told: called every second by the hub."""
        seen = self.observe()
        if time.monotonic() - self._money[0] >= MONEY_EVERY:
            self._look_at_money(seen.unix)
        news: dict[str, dict[str, object]] = {
            "node_data": dict(picture(self.household, seen, self._money[1], self.outlook.says())),
            "trade": {"seen": self._money[2]},
        }
        if seen.chain is not None:
            news["block"] = {"number": seen.chain.height}
        return news

    def _look_at_money(self, now: float) -> None:
        trades = self.trades(TODAY)
        spent = None if trades is None else purse(trades, midnight(now))
        newest = [(t.order, t.state, t.received.mwh, t.paid.value) for t in (trades or [])[:25]]
        self._money = (time.monotonic(), spent, f"{hash(tuple(newest)) & 0xFFFFFFFF:x}")

    @cached_property
    def hub(self) -> Hub:
        """The live pages' one thread."""
        return Hub(self.news, self.household.viewers)

    @cached_property
    def outlook(self) -> Outlook:
        """Whether the tokens will last."""
        return Outlook(self.household, self.ledger)

    @cached_property
    def ledger(self) -> Ledger:
        """The chain as the explorer reads it."""
        return Ledger(self.household)


def context() -> Context:
    """Of the application that answers this request."""
    return cast(Context, current_app.extensions["commonwatt"])
