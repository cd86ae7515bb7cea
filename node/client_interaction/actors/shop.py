"""The seller's side at work: offers and vouchers to the chain, the own orders into the household's books."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.keys import Account
from chain.transactions import Call
from contracts.bindings import Household, Market, Offer, Order
from contracts.manifest import Manifest
from node.client_interaction.actors.ledger import News
from node.client_interaction.actors.line import Line
from node.client_interaction.actors.orders import GAS, beyond_credit
from node.client_interaction.acts import purpose
from node.client_interaction.pricing import Moment
from node.client_interaction.selling import (
    AnnounceEnd,
    Publish,
    Redeem,
    Release,
    SellerAct,
    Shop,
    Withdraw,
    sell,
)
from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.client_interaction.trades import Trades
from node.client_interaction.written import Written
from node.wallet.errors import AlreadyIntended
from node.wallet.journal import Journal
from quantities import Energy, SoC
from relay_server.errors import RelayError
from relay_server.messages import NO_ORDER, Code, ContactState, Opened
from relay_server.records import BestVoucher, Records
from store import registers
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.client_interaction.settings import OffersSettings

log = structlog.get_logger()

ASK_AGAIN = 2.0
"""Seconds until a relay that would not give an order up is asked again."""

GONE = 60.0
"""Seconds without a word from the own relay, after which what it cannot supply is given back without one: six
leases, so its feed is open. Back again it sees on the chain that the order is over."""


@dataclass(frozen=True, kw_only=True)
class ForSale:
    """What is for sale now."""

    offers: OffersSettings
    withdrawn: frozenset[int] = frozenset()
    """Feeds at which nothing is offered."""

    paused: bool = False
    """Trading is off."""


class ShopKeeper:
    """What the household sells."""

    def __init__(
        self,
        *,
        offers: OffersSettings,
        trades: Trades,
        journal: Journal,
        account: Account,
        contracts: Callable[[], Manifest],
        own: Line | None,
        records: Records | None,
        poke: Callable[[], None],
        feeds: Mapping[int, str],
        meters: Path,
        until_end: float,
        capacity: Energy,
    ) -> None:
        """Open the shop.

        Args:
            offers: what is for sale.
            trades: the household's books.
            journal: where transactions are planned.
            account: this household's.
            contracts: as they are now.
            own: the household's relay.
            records: of that relay.
            poke: tells that there is something to send.
            feeds: the meter of each own feed.
            meters: folder of the registers.
            until_end: seconds from noticing that a supply is to end to its open contact.
            capacity: of the household's battery; nothing when it has none.
        """
        self._offers = offers
        self._trades = trades
        self._journal = journal
        self._account = account
        self._contracts = contracts
        self._own = own
        self._records = records
        self._poke = poke
        self._feeds = feeds
        self._meters = meters
        self._until_end = until_end
        self._capacity = capacity
        self._seen: dict[str, float] = {}
        self._written = Written()
        self._announced: set[bytes] = set()
        self._kept: dict[str, float] = {}
        """Boottime seconds at which the relay last refused to give an order up."""

        self._began = boottime()
        self._changed: dict[int, float] = {}
        """Boottime seconds of the last change of each offer."""

        self._heard = float("-inf")
        """Boottime seconds at which the own relay was last known to answer."""

    def supplied(self) -> tuple[str, ...]:
        """Names of the neighbours that are supplied from here."""
        orders = {f"0x{state.order.hex()}" for state in self._contacts() if state.closed and state.order}
        found = [trade for order in sorted(orders) if (trade := self._trades.get(order)) is not None]
        return tuple(trade.partner for trade in found if trade.side is Side.SELLER)

    def step(self, news: News, soc: SoC | None, *, buying: bool, for_sale: ForSale) -> None:
        """Look once, and do what there is to do."""
        self._offers = for_sale.offers
        if not self._offers.feeds and not news.running:
            return
        now, heard = time.time(), boottime()
        vouchers = self._vouchers({*news.running, *(trade.order for trade in self._selling())})
        self._book(news, vouchers or {}, now)
        self._seen = {order: self._seen.get(order, heard) for order in news.running}
        own = self._account.address.lower()
        offers: Mapping[int, Offer] = {
            contact: offer for (account, contact), offer in news.offers.items() if account == own
        }
        shop = Shop(
            now=heard,
            head=news.head,
            period=news.period,
            soc=soc,
            buying=buying,
            moment=Moment.of(now),
            begun=heard - self._began,
            silence=self._silence(heard),
            quiet={contact: heard - at for contact, at in self._changed.items()},
            drained=self._drained(),
            credit=not beyond_credit(news, "offer", 2),
            offers=offers,
            orders=news.running,
            seen=self._seen,
            vouchers=vouchers,
            written=self._written.look(vouchers or {}, now, heard),
            contacts=self._contacts(),
            busy=self._busy(news),
            withdrawn=for_sale.withdrawn,
            paused=for_sale.paused,
        )
        if news.trouble or news.wrong:
            return
        admitted = self._admitted(news)
        for act in sell(shop, self._offers):
            if admitted or not isinstance(act, Publish):  # what runs is settled all the same
                self._do(act, news)

    def _silence(self, now: float) -> Mapping[int, float]:
        """Seconds since relay and meter were heard of, by own feed."""
        if self._own is not None and not self._own.watched.trouble:
            self._heard = now
        found = {contact: registers.read(self._meters, meter) for contact, meter in self._feeds.items()}
        return {
            contact: now - min(self._heard, register.sampled)
            for contact, register in found.items()
            if register is not None
        }

    def _drained(self) -> int:
        """Hundredths of a percent of the battery that go until an announced end takes effect."""
        closed = {state.contact for state in self._contacts() if state.closed and state.order is not None}
        found = [registers.read(self._meters, meter) for c, meter in self._feeds.items() if c in closed]
        power = sum(max(register.power, 0) for register in found if register is not None)
        return round(power * self._until_end / 3_600 * 10_000 / self._capacity.mwh) if self._capacity else 0

    def _do(self, act: SellerAct, news: News) -> None:
        match act:
            case Publish(feed=feed, price=price, valid_until=until):
                data = Market.encode_set_offer(feed.contact, price, feed.max_energy, until)
                self._changed[feed.contact] = boottime()
                self._send(f"offer:{feed.contact}:{news.head}", "offer", data, self._contracts().current)
            case Withdraw(contact=contact):
                data = Market.encode_withdraw_offer(contact)
                self._changed[contact] = boottime()
                self._send(f"offer:{contact}:{news.head}", "offer", data, self._contracts().current)
            case Redeem(order=order, voucher=voucher):
                data = Market.encode_redeem(voucher.order, Energy(voucher.energy), voucher.signature)
                self._send(purpose("redeem", order), "redeem", data, news.running[order].market)
            case Release(order=order) if self._declined(order, news.running[order].contact):
                data = Market.encode_release(bytes.fromhex(order[2:]))
                self._send(purpose("release", order), "release", data, news.running[order].market)
            case Release():
                pass  # as long as the relay may close for it
            case AnnounceEnd(contact=contact):
                self._announce(contact)

    def _send(self, intent: str, what: str, data: bytes, market: str) -> None:
        call = Call(to=market, data=data, gas=GAS[what])
        try:
            self._journal.plan(intent, call, time.time())
        except AlreadyIntended:
            return
        log.info("selling", intent=intent)
        self._poke()

    def _announce(self, contact: int) -> None:
        state = next((state for state in self._contacts() if state.contact == contact), None)
        if self._own is None or state is None or state.order is None or state.order in self._announced:
            return
        try:
            self._own.command(lambda relay: relay.open(NO_ORDER, contact))
        except RelayError as error:
            log.warning("end-not-announced", contact=contact, error=str(error))
            return
        self._announced.add(state.order)
        log.info("end-announced", contact=contact, order="0x" + state.order.hex())

    def _declined(self, order: str, contact: int) -> bool:
        """Whether the own relay closes no more for an order: it hears of it before the chain does.

        It keeps that on disk. A process that dies before the journal has the transaction decides and asks
        again; by then the order waits unused, or its buyer, who is refused, has asked the market to close it.
        """
        heard = boottime()
        if self._own is None:
            return True
        if heard - self._kept.get(order, float("-inf")) < ASK_AGAIN:
            return False
        try:
            answer = self._own.command(lambda relay: relay.open(bytes.fromhex(order[2:]), contact))
        except RelayError as error:
            why = str(error)
            gone = heard - max(self._heard, self._began) > GONE
        else:
            if isinstance(answer, Opened):
                return True
            why = answer.text
            gone = answer.code is Code.WRONG_CONTACT  # no feed of it is left that could close
        log.warning("order-not-declined", order=order, why=why, given_back=gone)
        self._kept[order] = heard
        return gone

    def _busy(self, news: News) -> frozenset[str]:
        busy = {entry.purpose for entry in self._journal.under_way()}
        for order in news.running:
            for what in ("redeem", "release"):
                entry = self._journal.find(purpose(what, order))
                if entry is None or (entry.failed and news.head >= self._journal.rests_until(entry.purpose)):
                    continue
                busy.add(entry.purpose)
        # An offer that the market refused is not made again in each block.
        contacts = [feed.contact for feed in self._offers.feeds]
        busy |= {f"offer:{c}:" for c in contacts if news.head < self._journal.rests_until(f"offer:{c}:")}
        return frozenset(busy)

    def _admitted(self, news: News) -> bool:
        household = news.households.get(self._account.address.lower())
        return household is not None and household.admitted

    def _contacts(self) -> tuple[ContactState, ...]:
        return () if self._own is None else self._own.watched.contacts

    def _vouchers(self, orders: Collection[str]) -> dict[str, BestVoucher] | None:
        """None: there are records, and they cannot be read; no order is given back on such a day."""
        if self._records is None or not orders:
            return {}
        asked = [bytes.fromhex(order[2:]) for order in orders]
        try:
            return {f"0x{best.order.hex()}": best for best in self._records.best_vouchers(asked)}
        except RelayError as error:
            if not self._records.exist:
                return {}  # the relay has not run yet
            log.warning("records-not-read", error=str(error))
            return None

    def _selling(self) -> list[Trade]:
        return [trade for trade in self._trades.unfinished() if trade.side is Side.SELLER]

    # --- the books ------------------------------------------------------------------------------------------

    def _book(self, news: News, vouchers: Mapping[str, BestVoucher], now: float) -> None:
        """Keep every order in which this household is the seller, with what is known of it."""
        for name, order in news.running.items():
            if self._trades.get(name) is None:
                self._trades.add(
                    _sold(name, order, news.households, now),
                    Step(name="ordered", at=now, kind=Proof.BLOCK, proof=str(news.head)),
                )
        closed = {f"0x{s.order.hex()}" for s in self._contacts() if s.closed and s.order is not None}
        for trade in self._selling():
            self._update(trade, vouchers.get(trade.order), trade.order in closed, now)

    def _update(self, trade: Trade, best: BestVoucher | None, closed: bool, now: float) -> None:
        fields: dict[str, object] = {}
        step = None
        if best is not None:
            delivered, signed = Energy(best.delivered), Energy(best.energy)
            if (delivered, signed) != (trade.received, trade.vouchered):
                fields |= {"received": delivered, "vouchered": signed, "voucher": best.signature.hex()}
        supplied = trade.state is TradeState.SUPPLIED
        if closed and trade.state in (TradeState.ORDERED, TradeState.CONFIRMED):
            fields |= {"state": TradeState.SUPPLIED, "changed": now}
            step = Step(name="supplied", at=now)
        elif supplied and not closed and best is not None and best.ended:
            fields |= {"state": TradeState.ENDED, "changed": now}
            step = Step(name="ended", at=now, kind=Proof.VOUCHER, proof=best.signature.hex(),
                        text=f"The best voucher is for {best.energy} mWh.")  # fmt: skip
        if fields:
            self._trades.change(trade.order, step, **fields)


def _sold(name: str, order: Order, households: Mapping[str, Household], now: float) -> Trade:
    buyer = households.get(order.buyer.lower())
    return Trade(
        order=name,
        side=Side.SELLER,
        market=order.market,
        partner=order.buyer if buyer is None else buyer.name,
        account=order.buyer,
        contact=order.contact,
        energy=order.energy,
        price=order.price,
        cost=order.cost,
        created=now,
        changed=now,
        state=TradeState.ORDERED,
        reason="ordered by the neighbour",
    )
