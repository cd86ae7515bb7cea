"""`commonwatt client-interaction run`: look, decide, act, tell; twenty times a second.

The loop itself waits for nothing but the clock and the relays that it commands: the chain, the watches and
the keepers of leases have their own threads, and wake it with their news.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain import keys
from chain.client import ChainClient
from chain.daemon import Stopping, sd_ready, sd_watchdog
from contracts.manifest import Manifest
from node.client_interaction import deeds as deeds_
from node.client_interaction import recovery, status
from node.client_interaction.actors.desk import Desk, InForce, Means, moment
from node.client_interaction.actors.ledger import Interest, Ledger, News
from node.client_interaction.actors.mailbox import Mailbox
from node.client_interaction.actors.orders import beyond_credit
from node.client_interaction.actors.reporter import Reporter
from node.client_interaction.actors.shop import ForSale
from node.client_interaction.acts import Buy, HandOver, Reclaim, RequestClose
from node.client_interaction.core import Decision, decide, running
from node.client_interaction.crew import Crew
from node.client_interaction.day import midnight
from node.client_interaction.deeds import Deeds
from node.client_interaction.memory import Memory, happened
from node.client_interaction.recovery import Recovery
from node.client_interaction.sentences import View
from node.client_interaction.situation import Battery, Chain, Situation
from node.client_interaction.status import Status
from node.client_interaction.trade import Side, Trade, TradeState
from node.client_interaction.trades import METERED, TABLES, UNFINISHED_INDEX, Trades
from node.first_run.joining import Joining
from node.first_run.owner import until_proved
from node.intents import answers, published
from node.intents.published import Published
from node.reports import book
from node.wallet import journal as journal_
from node.wallet.database import FILE, Database
from node.wallet.journal import Journal
from node.wallet.sender import Sender
from quantities import SoC
from store import snapshot
from store.claim import Claim
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.config.settings import Settings

log = structlog.get_logger()

MIGRATIONS = (
    journal_.TABLES,
    TABLES,
    journal_.VOIDS,
    book.TABLES,
    METERED,
    answers.TABLES,
    deeds_.TABLES,
    recovery.TABLES,
    journal_.UNDER_WAY_INDEX + UNFINISHED_INDEX,
)

DAPP_DATABASE = "dapp.db"
"""In `paths.state`: what is asked for on the pages."""

COMING = frozenset({TradeState.PLANNED, TradeState.ORDERED, TradeState.CONFIRMED})

TICK = 0.05
"""Seconds between two looks at the battery, when nobody brings news before."""

SHOP = 1.0
"""Seconds between two looks at what is sold."""

TELL = 1.0
"""Seconds after which the status is written anew though nothing has changed: its age says that we live."""

LEAVE_WITHIN = 2.3
"""Seconds in which to get home when the process is stopped; the leases do the rest."""


def run(settings: Settings, stop: Stopping) -> int:
    """Trade for the household until stopped.

    Returns:
        0.

    Raises:
        chain.errors.KeyRefused: the household's key cannot be used.
        store.errors.StoreError: trade.db cannot be used, or another process trades with it.
    """
    with Claim(settings.paths.state / "trading", "trade for the household in"):
        if settings.account.first_run and not until_proved(settings, stop, time.time):
            return 0
        account = keys.load(settings.account.keystore, settings.account.password_file)
        if settings.account.first_run:
            Joining(settings, account, stop).start()
        trader = Trader(settings, account)
        trader.start()
        sd_ready()
        log.info("trading", household=settings.household.name, account=account.address)
        try:
            trader.run(stop)
        except Exception:
            trader.abandon()
            raise
        finally:
            trader.stop()
    return 0


class Trader:
    """One household's trader."""

    def __init__(self, settings: Settings, account: keys.Account) -> None:
        """Open the books; `start` begins to look around."""
        self._settings = settings
        self._account = account
        self._run_folder: Path = settings.paths.run
        self._database = Database(settings.paths.state / FILE, MIGRATIONS)
        self._trades = Trades(self._database)
        self._deeds = Deeds(self._database)
        self._journal = Journal(self._database)
        self._client = ChainClient(settings.chain.rpc, settings.chain.timeout)
        self._wake = threading.Event()
        self._desk = Desk(settings, account.address, self._database, self._journal)
        self._mailbox = Mailbox(
            settings.paths.state / DAPP_DATABASE, self._wake.set, first_run=settings.account.first_run
        )
        self._ledger = Ledger(
            self._client,
            settings.chain.manifest,
            account,
            sender=self._sender,
            recover=Recovery(self._client, self._database, self._trades, account.address).look,
            confirmations=settings.relay.confirmations if settings.relay else None,
            interest=self._interest,
            news=self._wake.set,
        )
        self._memory = Memory()
        self._crew: Crew | None = None
        self._reporter: Reporter | None = None
        self._told: tuple[float, Status | None] = (float("-inf"), None)
        self._shop_at = 0.0
        self._leaving = False
        self._publish_at = 0.0
        self._published: Published | None = None

    def start(self) -> None:
        """Begin to look at the chain."""
        self._ledger.start()
        self._mailbox.start()

    def run(self, stop: Stopping) -> None:
        """Tick until stopped; then go home first."""
        while not stop.is_set():
            again = self.tick()
            sd_watchdog()
            if not again:
                self._wake.wait(TICK)
                self._wake.clear()
        self._leaving = True
        until = boottime() + LEAVE_WITHIN
        while self._memory.supply is not None and boottime() < until:
            self.tick()
            time.sleep(0.02)

    def abandon(self) -> None:
        """Go home without a decision: there will be none any more."""
        if self._crew is not None:
            self._crew.supply.abandon()

    def stop(self) -> None:
        """End all threads and close the books."""
        self._mailbox.stop()
        self._ledger.stop()
        if self._crew is not None:
            self._crew.stop()
        if self._reporter is not None:
            self._reporter.stop()
        self._client.close()
        self._database.close()

    def tick(self) -> bool:
        """Look, decide, act, tell once; True: something was done, look again at once."""
        news = self._ledger.news
        if self._crew is None and self._ledger.manifest is not None:
            self._crew = self._hired()
        in_force, situation = self._look(news)
        if not self._leaving and self._attend(news, situation):
            in_force, situation = self._look(news)
        decision = decide(situation, in_force.policy, self._memory)
        self._memory = decision.memory
        if self._crew is not None:
            self._crew.supply.decided()
        acted = self._act(decision)
        self._sell(news, situation, in_force)
        self._ledger.warm(self._busy(situation, acted))
        self._tell(decision.view, situation)
        self._publish()
        return acted

    def _hired(self) -> Crew:
        crew = Crew(
            settings=self._settings,
            account=self._account,
            contracts=self._contracts,
            trades=self._trades,
            deeds=self._deeds,
            journal=self._journal,
            news=self._wake.set,
            poke=self._ledger.poke,
        )
        crew.start()
        self._reporter = Reporter(
            settings=self._settings,
            database=self._database,
            journal=self._journal,
            account=self._account,
            contracts=self._contracts,
            client=self._client,
            news=lambda: self._ledger.news,
            poke=self._ledger.poke,
        )
        self._reporter.start()
        return crew

    def _contracts(self) -> Manifest:
        assert self._ledger.manifest is not None  # noqa: S101 - the crew is hired once it is verified
        return self._ledger.manifest

    def _look(self, news: News) -> tuple[InForce, Situation]:
        in_force = self._desk.in_force(moment())
        trades = self._trades.unfinished()
        if self._crew is not None:
            trades = self._crew.orders.follow(trades, news)
        return in_force, self._situation(news, tuple(t for t in trades if not t.final), in_force)

    def _attend(self, news: News, situation: Situation) -> bool:
        """Answer what the household asks for by its pages, one thing at a time."""
        letters = self._mailbox.letters
        if not letters:
            return False
        crew, manifest = self._crew, self._ledger.manifest
        means = None
        if crew is not None and manifest is not None:
            means = Means(token=manifest.token, buy=crew.orders.bought)
        answered = self._desk.attend(letters, situation, news.households, means)
        if answered:
            self._publish_at = 0.0
            self._ledger.poke()
        return answered

    # --- look -----------------------------------------------------------------------------------------------

    def _situation(self, news: News, trades: tuple[Trade, ...], in_force: InForce) -> Situation:
        now, wall, crew = boottime(), time.time(), self._crew
        current, _ = running(trades)
        situation = Situation(
            now=now,
            wall=wall,
            battery=self._battery(now),
            trouble=news.wrong,
            waiting=news.waiting,
            chain=self._chain(news),
            trades=tuple(trade for trade in trades if trade.side is Side.BUYER),
            on_chain=news.orders,
            spent=self._trades.spent_since(midnight(wall)),
            came_home=self._trades.came_home,
            set_up=self._mailbox.may_begin,
            stopping=self._leaving,
            wishes=in_force.wishes,
        )
        if crew is None:
            return situation
        owed = crew.vouchers.owed(trades)
        return replace(
            situation,
            sellers=tuple(crew.seller(name, news, now) for name in self._settings.sellers),
            asked=crew.orders.asked(list(trades), news.head),
            owed=owed,
            deliverable=crew.vouchers.deliverable(trades, owed, now),
            meter=None if current is None else crew.supply.meter(current.channel),
            feed=crew.supply.feed,
            tie=crew.supply.tie,
            relay=crew.own_trouble(),
            selling=crew.shop.supplied(),
        )

    def _battery(self, now: float) -> Battery | None:
        found = snapshot.read(self._settings.paths.battery)
        soc = None if found is None else found.fields.get("soc")
        if found is None or type(soc) is not int or not 0 <= soc <= 10_000:
            return None
        return Battery(soc=SoC(soc), age=found.age(now))

    def _chain(self, news: News) -> Chain:
        household = news.households.get(self._account.address.lower())
        barred = beyond_credit(news, "buy")
        if household is None or not household.admitted:
            barred = "This household is not admitted in the registry: ask the neighbourhood's operator."
        return Chain(
            head=news.head,
            balance=news.balance,
            period=news.period,
            depth=news.depth,
            trouble=news.trouble,
            paused=news.paused,
            barred=barred,
            credit=news.credit,
        )

    def _interest(self) -> Interest:
        """Asked by the ledger's thread."""
        unfinished = self._trades.unfinished()
        sold = [trade.contact for trade in unfinished if trade.side is Side.SELLER]
        return Interest(
            sellers=tuple((seller.account, seller.contact) for seller in self._settings.sellers.values()),
            feeds=tuple(dict.fromkeys([*(feed.contact for feed in self._settings.offers.feeds), *sold])),
            orders={trade.order: trade.market for trade in unfinished},
        )

    def _sender(self, manifest: Manifest) -> Sender:
        return Sender(self._journal, self._account, manifest.chain_id, self._client)

    # --- act ------------------------------------------------------------------------------------------------

    def _act(self, decision: Decision) -> bool:
        if self._crew is None:
            return False
        for act in decision.acts:
            outcome = self._crew.carry_out(act)
            self._memory = happened(self._memory, outcome, boottime())
            if isinstance(act, Buy | RequestClose | Reclaim):
                self._ledger.poke()
        later = HandOver | RequestClose | Reclaim
        return any(not isinstance(act, later) for act in decision.acts) and not _waits(self._memory)

    def _sell(self, news: News, s: Situation, in_force: InForce) -> None:
        if self._crew is None or self._leaving or s.now < self._shop_at:
            return
        self._shop_at = s.now + SHOP
        soc = None
        trading, paused = in_force.policy.trading, in_force.wishes.paused is not None or not s.set_up
        if s.battery is not None and s.battery.age <= trading.stale_battery:
            soc = s.battery.soc
        needs = bool(s.sellers) and soc is not None and soc < trading.limit and not paused
        buying = needs or running(s.trades)[0] is not None
        for_sale = ForSale(offers=in_force.offers, withdrawn=in_force.withdrawn, paused=paused)
        self._crew.shop.step(news, soc, buying=buying, for_sale=for_sale)

    def _busy(self, s: Situation, acted: bool) -> bool:
        """Whether the chain is to be looked at often."""
        coming = any(trade.state in COMING for trade in s.trades)
        return acted or coming or bool(self._journal.under_way())

    # --- tell -----------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        """What is in force, for the pages: when it has changed."""
        now = moment()
        if now.boottime < self._publish_at:
            return
        self._publish_at = now.boottime + TELL
        in_force = self._desk.published(now, buys=bool(self._settings.sellers))
        if in_force != self._published:
            published.write(self._run_folder, in_force)
            self._published = in_force

    def _tell(self, view: View, s: Situation) -> None:
        trade = view.trade
        received = None
        if trade is not None:
            received = trade.received.mwh
            if s.meter is not None and trade.baseline is not None:
                received = max(received, min(s.meter.forward - trade.baseline, trade.energy.mwh))
        held = [t.cost.value for t in s.trades if t.state is not TradeState.PLANNED]
        known = s.chain is not None and s.chain.head > 0
        now = Status(
            state=view.state,
            reason=view.reason,
            next=view.next,
            since=self._memory.since,
            order=None if trade is None else trade.order,
            seller=None if trade is None else trade.partner,
            contact=None if trade is None else trade.contact,
            energy_mwh=None if trade is None else trade.energy.mwh,
            received_mwh=received,
            balance=str(s.chain.balance.value) if known and s.chain is not None else None,
            escrow=str(sum(held)) if known else None,
            credit=str(s.chain.credit) if known and s.chain is not None else None,
        )
        told, before = self._told
        if now == before and s.now - told < TELL:
            return
        if before is None or before.state is not now.state:
            log.info("state", state=now.state.value, reason=now.reason)
        status.write(self._run_folder, now)
        self._told = (s.now, now)


def _waits(memory: Memory) -> bool:
    """Whether the next step of a supply has to wait for its time."""
    return memory.supply is not None and memory.supply.try_at > boottime()
