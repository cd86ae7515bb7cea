"""Everyone who carries decisions out, hired once the contracts are verified: lines, supply, orders, shop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chain.keys import Account
from contracts.manifest import Manifest
from node.client_interaction.actors.last_vouchers import LastVouchers
from node.client_interaction.actors.ledger import News
from node.client_interaction.actors.line import Line, Terms
from node.client_interaction.actors.orders import Orders
from node.client_interaction.actors.shop import ShopKeeper
from node.client_interaction.actors.supply import Supply
from node.client_interaction.acts import (
    Act,
    Buy,
    CloseFeed,
    CloseTie,
    Finish,
    GoHome,
    HandOver,
    OpenFeed,
    Outcome,
    Reclaim,
    RequestClose,
)
from node.client_interaction.deeds import Deeds
from node.client_interaction.situation import Seller
from node.client_interaction.trades import Trades
from node.wallet.journal import Journal
from quantities import Energy
from relay_server.records import FILE as RECORDS
from relay_server.records import open_records

if TYPE_CHECKING:
    from node.config.settings import Settings

NOTICED = 3.0
"""Seconds in which a fallen state of charge is seen and the end of a supply announced."""


class Crew:
    """The household's hands and eyes."""

    def __init__(
        self,
        *,
        settings: Settings,
        account: Account,
        contracts: Callable[[], Manifest],
        trades: Trades,
        deeds: Deeds,
        journal: Journal,
        news: Callable[[], None],
        poke: Callable[[], None],
    ) -> None:
        """Hire; `start` begins to watch the relays.

        Args:
            settings: of the household.
            account: its key.
            contracts: the verified ones, as they are now.
            trades: its books.
            deeds: what its sellers did so far.
            journal: where transactions are planned.
            news: called when something has changed.
            poke: called when there is something to send.
        """
        self._settings = settings
        self._account = account
        self._deeds = deeds
        self._news_of_chain = News()
        relay = settings.relay
        chain_id = contracts().chain_id
        self._own = (
            None
            if relay is None
            else Line(settings.household.name, relay.listen, account.address, account, chain_id, news=news)
        )
        self._lines = {
            name: Line(
                name, seller.relay, seller.account, account, chain_id, terms=self._terms(name), news=news
            )
            for name, seller in settings.sellers.items()
        }
        self._ties = {} if relay is None else {tie.contact: tie.meter for tie in relay.ties}
        self._meters: Path = settings.paths.meters
        self.supply = Supply(
            trades=trades,
            account=account,
            chain_id=chain_id,
            sellers=self._lines,
            own=self._own,
            meters=self._meters,
            ties=self._ties,
            period=settings.trading.keep,
            news=news,
        )
        self.vouchers = LastVouchers(trades, self._lines)
        self.orders = Orders(trades, deeds, journal, account, contracts)
        self.shop = ShopKeeper(
            offers=settings.offers,
            trades=trades,
            journal=journal,
            account=account,
            contracts=contracts,
            own=self._own,
            records=None if relay is None else open_records(settings.paths.state / RECORDS),
            poke=poke,
            feeds={} if relay is None else {feed.contact: feed.meter for feed in relay.feeds},
            meters=self._meters,
            until_end=NOTICED + (0.0 if relay is None else relay.grace),
            capacity=settings.battery.capacity if settings.battery is not None else Energy(0),
        )

    def start(self) -> None:
        """Begin to watch."""
        for line in self._everyone():
            line.start()

    def stop(self) -> None:
        """Keep nothing, watch nothing."""
        self.supply.stop()
        for line in self._everyone():
            line.leave()
        for line in self._everyone():
            line.stop()

    def carry_out(self, act: Act) -> Outcome:  # noqa: PLR0911 - one line an act
        """Do one thing."""
        match act:
            case Buy():
                return self.orders.buy(act)
            case CloseFeed():
                return self.supply.close_feed(act)
            case CloseTie():
                return self.supply.close_tie(act)
            case GoHome():
                return self.supply.go_home(act)
            case OpenFeed():
                return self.supply.open_feed(act)
            case HandOver():
                return self.vouchers.hand_over(act)
            case Finish():
                return self.orders.finish(act)
            case RequestClose():
                return self.orders.request_close(act)
            case Reclaim():
                return self.orders.reclaim(act)

    def seller(self, name: str, news: News, now: float) -> Seller:
        """What is known of a seller."""
        self._news_of_chain = news
        configured = self._settings.sellers[name]
        account = configured.account.lower()
        household = news.households.get(account)
        return Seller(
            name=name,
            account=configured.account,
            contact=configured.contact,
            channel=configured.channel,
            offer=news.offers.get((account, configured.contact)),
            admitted=household is not None and household.admitted,
            trouble=self._trouble(name, configured.channel, now),
            deeds=self._deeds.of(account),
        )

    def own_trouble(self) -> str:
        """Why the own relay is of no use now, as a clause."""
        if self._own is None:
            return "none is configured (relay)"
        return self._own.watched.trouble

    def _trouble(self, name: str, channel: int, now: float) -> str:
        if channel not in self._ties:
            return f"its channel {channel} is no tie of the own relay: correct sellers.{name}.channel"
        meter = self.supply.meter(channel)
        if meter is None or now - meter.sampled > self._settings.trading.stale_meter:
            return f"the meter of tie {channel} is silent"
        return self._lines[name].watched.trouble

    def _terms(self, name: str) -> Callable[[], Terms | None]:
        """What to ask a seller's relay about: a need as it would begin, at the offer's price."""
        configured = self._settings.sellers[name]

        def terms() -> Terms | None:
            offer = self._news_of_chain.offers.get((configured.account.lower(), configured.contact))
            if offer is None or offer.open is not None or not offer.live(self._news_of_chain.head + 1):
                return None
            energy = max(self._settings.trading.delta, offer.min_energy)
            asked = min(energy, offer.max_energy)
            return Terms(contact=configured.contact, energy=asked.mwh, price=offer.price.value)

        return terms

    def _everyone(self) -> list[Line]:
        return [*self._lines.values(), *([] if self._own is None else [self._own])]
