"""What every page can ask for: the household, its users, and what its processes say right now."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, cast

import structlog
from flask import current_app

from node.alerts import Alert, gather, judge
from node.changes.places import trace
from node.client_interaction.trade import Step, Trade
from node.client_interaction.trades import open_trades
from node.dapp import recorded
from node.dapp.chain_index import FILE as INDEX
from node.dapp.chain_index import ChainIndex
from node.dapp.contacts import told
from node.dapp.control import Control, Line, lines
from node.dapp.household import Household
from node.dapp.language import ENGLISH
from node.dapp.ledger import Ledger
from node.dapp.live import Hub, News
from node.dapp.outlook import Outlook
from node.dapp.picture import picture
from node.dapp.purse import Purse, midnight, purse
from node.dapp.second import SecondFactors
from node.dapp.security import may
from node.dapp.sources import Observation, observe
from node.dapp.tries import Tries
from node.dapp.users import Users
from node.intents import published
from node.intents.answers import Told, open_answers
from node.intents.book import IntentBook
from node.intents.published import Published
from quantities import SoC, Tokens
from relay_server import asked, audit
from relay_server.errors import RecordsMissing
from relay_server.records import FILE as RECORDS
from store import snapshot
from store.errors import StoreError

if TYPE_CHECKING:
    from node.dapp.api.tokens import AppTokens
    from node.dapp.backups import Backups
    from node.dapp.calibrations import Calibrations
    from node.dapp.configuration import Configuration
    from node.dapp.first_run import FirstRun
    from node.dapp.neighbourhood import Relay
    from node.dapp.own_relay import OwnRelay
    from node.dapp.scout import Scout
    from node.dapp.statements import Statements
    from node.tariffs.intervals import IntervalFiles

log = structlog.get_logger(__name__)

ASKED = 20
"""Requests shown."""

TODAY = 500
"""Trades looked at for today's money; a household that makes more a day sees the newest of them."""

NEWEST = 25
"""Trades that the pages' lists are shown anew for."""

EXPORTS = 2
"""CSV files that may be on their way at the same time: each takes one of the pages' few threads."""

MONEY_EVERY = 3.0
"""Seconds between two looks at the trades for live pages; the meters are looked at every second."""


@dataclass
class Context:
    """One household's sources. Nothing here writes but `users`, `seconds`, `tokens` and `book`."""

    household: Household
    users: Users
    seconds: SecondFactors
    tries: Tries
    book: IntentBook
    """What is asked for: written here, and nowhere else."""
    speaking: Callable[[str], AbstractContextManager[None]] = field(default=lambda _spoken: nullcontext())
    """Says what is said meanwhile in a language, where nobody asks."""
    exports: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(EXPORTS))
    numbers: dict[str, int] = field(default_factory=dict)
    """Of the meters, for CitizenWatt's clients."""
    _money: tuple[float, Purse | None, str] = field(default=(0.0, None, ""))
    _finding: bool = False
    """Somebody has looked for devices since the pages began."""

    def observe(self) -> Observation:
        """What the run folder holds now."""
        return observe(self.household, time.time(), snapshot.boottime())

    def trades(self, count: int, before: float | None = None, since: float = 0.0) -> list[Trade] | None:
        """The newest trades; None when client-interaction has never run here."""
        try:
            with open_trades(self.household.state / "trade.db") as reader:
                return reader.latest(count, before, since)
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

    def recorded(self, trade: Trade, steps: Sequence[Step]) -> list[recorded.Line]:
        """What the own relay wrote down of a trade; empty where there is none, or it cannot be read."""
        try:
            found = audit.between(self.household.state / RECORDS, *recorded.span(trade, steps), recorded.MOST)
        except RecordsMissing as error:
            log.debug("audit_unread", error=str(error))
            return []
        return recorded.recorded(trade, found)

    def in_force(self) -> Household:
        """The household with its limits as they are now."""
        now = published.read(self.household.run)
        if now is None or self.household.limit is None:
            return self.household
        value = {name: int(limit.value) for name, limit in now.limits.items()}
        return replace(
            self.household,
            limit=SoC(value["limit"]),
            resume=SoC(value["resume"]),
            budget=Tokens(value["daily_budget"]),
        )

    def control(self) -> Control:
        """What may be asked for, and what was."""
        asked, in_force = self._asked(), published.read(self.household.run)
        return Control(
            may=may("control.ask"),
            published=in_force,
            lines=asked,
            seen=_trace(asked, in_force),
            now=time.time(),
        )

    def neighbours(self) -> list[str]:
        """Names of the households that tokens may be sent to, as far as they are known."""
        names = set(self.household.sellers)
        names |= {each.name for each in self.ledger.households() if each.admitted}
        return sorted(names - {self.household.name})

    def _asked(self) -> list[Line]:
        told: list[Told] = []
        try:
            with open_answers(self.household.state / "trade.db") as reader:
                told = reader.latest(ASKED)
        except (StoreError, sqlite3.Error) as error:
            log.debug("answers_unread", error=str(error))
        return lines(self.book.latest(ASKED), told, snapshot.boottime(), snapshot.boot_id())

    def picture(self, seen: Observation) -> dict[str, str]:
        """The first page's texts."""
        self._look_at_money(seen.unix)
        return picture(self.in_force(), seen, self._money[1], self.outlook.says())

    def news(self, languages: Collection[str] = ()) -> News:
        """What live pages are told: called every second by the hub.

        What is said in words is told in English, and in each of `languages` by an event of its own.
        """
        seen = self.observe()
        if time.monotonic() - self._money[0] >= MONEY_EVERY:
            self._look_at_money(seen.unix)
        news: dict[str, dict[str, object]] = {
            "node_data": self._told(seen),
            "trade": {"seen": self._money[2]},
            "intents": {"seen": _trace(self._asked(), published.read(self.household.run))},
        }
        for spoken in languages:
            if spoken != ENGLISH:
                with self.speaking(spoken):
                    news[f"node_data.{spoken}"] = self._told(seen)
        if "calibrations" in self.__dict__:
            news["devices"] = {"seen": self.calibrations.trace()}
        if self._finding:
            news["finding"] = {"seen": self.finding_seen()}
        news["settings"] = {"seen": trace(self.household.state)}
        if self.own_relay is not None:
            relay = self.own_relay.seen()
            news["relay"] = {**told(relay), "seen": self.contacts_seen(relay)}
        if self.household.first_run:
            news["first_run"] = {"seen": self.first_run.seen()}
        if seen.chain is not None:
            news["block"] = {"number": seen.chain.height}
        news["alert"] = {"seen": self.alerts(seen)[1]}
        return news

    def finding_seen(self) -> str:
        """A word that changes with what is looked for, tried, and found."""
        from node.dapp.finding import trace  # noqa: PLC0415 - most days nobody looks for anything

        self._finding = True
        return trace(self.household.run, self.household.state)

    def _told(self, seen: Observation) -> dict[str, object]:
        return dict(picture(self.in_force(), seen, self._money[1], self.outlook.says()))

    def contacts_seen(self, relay: Relay | None) -> str:
        """A word that changes with what the own relay says, and while something is asked of it."""
        waiting = [each.id for each in asked.waiting(self.household.state / asked.FOLDER)]
        moment = time.time() // 5 if waiting else 0
        return f"{hash((tuple(told(relay).items()), *waiting, moment)) & 0xFFFFFFFF:x}"

    def alerts(self, seen: Observation) -> tuple[tuple[Alert, ...], str]:
        """What is wrong then, and a word that changes with it, and each minute for as long as it lasts."""
        house = self.household
        found = judge(house, gather(house, seen, snapshot.boottime(), self.outlook.says()))
        return found, " ".join((f"{seen.unix // 60:.0f}", *(alert.key for alert in found))) if found else ""

    def _look_at_money(self, now: float) -> None:
        start = midnight(now)
        today = self.trades(TODAY, since=start)
        spent = None if today is None else purse(today, start)
        newest = [(t.order, t.state, t.received.mwh, t.paid.value) for t in self.trades(NEWEST) or []]
        self._money = (time.monotonic(), spent, f"{hash(tuple(newest)) & 0xFFFFFFFF:x}")

    @cached_property
    def tokens(self) -> AppTokens:
        """What programs show; opened when the first one asks."""
        from node.dapp.api.tokens import AppTokens  # noqa: PLC0415 - a household without programs spares it

        return AppTokens(self.household.state)

    @cached_property
    def first_run(self) -> FirstRun:
        """How far it is."""
        from node.dapp.first_run import FirstRun  # noqa: PLC0415 - likewise: most households are past it

        return FirstRun(self.household, self.ledger)

    @cached_property
    def configuration(self) -> Configuration:
        """What may be changed in the household's files."""
        from node.dapp.configuration import Configuration  # noqa: PLC0415 - likewise

        return Configuration(self.household.files)

    @cached_property
    def backups(self) -> Backups:
        """The household's one."""
        from node.dapp.backups import Backups  # noqa: PLC0415 - likewise

        return Backups(self.household.state, self.household.files)

    @cached_property
    def calibrations(self) -> Calibrations:
        """Of the sensors."""
        from node.dapp.calibrations import Calibrations  # noqa: PLC0415 - likewise

        return Calibrations(self.household.run)

    @cached_property
    def prices(self) -> IntervalFiles:
        """Prices by interval, as last read."""
        from node.tariffs.intervals import IntervalFiles  # noqa: PLC0415 - likewise

        return IntervalFiles()

    @cached_property
    def hub(self) -> Hub:
        """The live pages' one thread."""
        return Hub(self.news, self.household.viewers)

    @cached_property
    def outlook(self) -> Outlook:
        """Whether the tokens will last."""
        return Outlook(self.household, self.ledger)

    def account(self) -> str | None:
        """The household's own, as the registry has it."""
        own = self.ledger.own()
        return None if own is None else own.account

    @cached_property
    def statements(self) -> Statements | None:
        """Monthly statements; None where there is no chain to read them from."""
        from node.dapp.statements import Statements, from_chain  # noqa: PLC0415 - who reads none spares it

        if not self.household.rpc:
            return None
        return Statements(self.account, from_chain(self.household.rpc, lambda: self.ledger.manifest))

    @cached_property
    def scout(self) -> Scout | None:
        """What is seen of the neighbours; None where there is no chain to ask."""
        from node.dapp.scout import Scout  # noqa: PLC0415 - who never looks spares it

        return Scout(self.household.rpc, lambda: self.ledger.manifest) if self.household.rpc else None

    @cached_property
    def own_relay(self) -> OwnRelay | None:
        """What the own relay says; None where there is none."""
        from node.dapp.own_relay import OwnRelay  # noqa: PLC0415 - loaded when somebody looks

        return OwnRelay(self.household.relay) if self.household.relay else None

    @cached_property
    def ledger(self) -> Ledger:
        """The chain as the explorer reads it."""
        return Ledger(self.household, index=self.index)

    @cached_property
    def index(self) -> ChainIndex | None:
        """Where on the chain what is; None where there is no chain, or no room for a file."""
        if not self.household.rpc:
            return None
        try:
            return ChainIndex(self.household.state / INDEX)
        except (StoreError, sqlite3.Error) as error:
            log.warning("no_index", error=str(error))
            return None


def context() -> Context:
    """Of the application that answers this request."""
    return cast(Context, current_app.extensions["commonwatt"])


def _trace(asked: list[Line], in_force: Published | None) -> str:
    """Changes with what was asked for, what came of it, and what is in force."""
    shown = tuple((line.id, line.state, line.text) for line in asked)
    return f"{hash((shown, repr(in_force))) & 0xFFFFFFFF:x}"
