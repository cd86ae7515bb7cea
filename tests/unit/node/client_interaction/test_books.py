"""Orders and shop with the household's real books: what is planned, and what is remembered of a seller."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chain.keys import Account
from chain.transactions import Fees, Signed
from contracts.bindings import Household, Role, State
from contracts.codec import decode_call
from contracts.manifest import Manifest
from node.client_interaction.actors.ledger import News
from node.client_interaction.actors.line import Watched
from node.client_interaction.actors.orders import Orders
from node.client_interaction.actors.shop import ForSale, ShopKeeper
from node.client_interaction.acts import Buy, Finish, purpose
from node.client_interaction.behaviour import Conduct
from node.client_interaction.deeds import Deeds
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.settings import FeedOffer, OffersSettings
from node.client_interaction.trade import Proof, TradeState
from node.client_interaction.trades import Trades, open_trades
from node.wallet.database import Database
from node.wallet.journal import Journal
from quantities import Energy, Price, SoC
from relay_server.errors import RelayError
from relay_server.messages import Code, Opened, Refused
from store import registers
from store.registers import Register
from store.snapshot import boottime
from tests.unit.node.client_interaction.made import ALDER, ORDER, PRICE, offer, on_chain, seller

ACCOUNT = Account.of(b"\x42" * 32)
OWN = ACCOUNT.address.lower()
MARKET, TOKEN, REGISTRY = ("0x" + f"{digit}0" * 20 for digit in (1, 2, 3))
MANIFEST = Manifest(
    chain_id=7, genesis_hash="0x" + "0" * 64, block=1, token=TOKEN, registry=REGISTRY, current=MARKET,
    draining=(), code_hashes={},
)  # fmt: skip
SUNNY = FeedOffer.model_validate(
    {"contact": 1, "price": "0.25", "max_energy": "5 Wh", "prices": [{"above": "90 %", "price": "0.18"}]}
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "trade.db", MIGRATIONS)
    yield opened
    opened.close()


def news(**changes: Any) -> News:
    here = Household(account=ACCOUNT.address, name="alder", role=Role.PRODUCER, enode="", relay="")
    fields: dict[str, Any] = {
        "head": 100, "credit": 10**18, "households": {OWN: here}, "trouble": "",
    }  # fmt: skip
    return News(**{**fields, **changes})


# --- what a seller did --------------------------------------------------------------------------------------


def bought(database: Database) -> tuple[Orders, Deeds, str]:
    trades, deeds = Trades(database), Deeds(database)
    orders = Orders(trades, deeds, Journal(database), ACCOUNT, lambda: MANIFEST)
    orders.buy(Buy(seller=seller(), energy=Energy(1_000), price=PRICE, reason="because"))
    [trade] = trades.unfinished()
    return orders, deeds, trade.order


def done(deeds: Deeds) -> list[tuple[Conduct, str]]:
    return [(deed.what, deed.why) for deed in deeds.of(ALDER)]


def test_a_supply_that_breaks_off_is_remembered_with_its_reason(database: Database) -> None:
    orders, deeds, order = bought(database)
    orders.finish(Finish(order=order, why="Alder's relay does not answer.", fault=Conduct.DROPPED))
    assert done(deeds) == [(Conduct.DROPPED, "its relay does not answer")]
    assert done(Deeds(database)) == done(deeds), "on disk as well"


def test_a_purchase_that_reverts_is_remembered_as_one(database: Database) -> None:
    orders, deeds, _ = bought(database)
    journal, trades = Journal(database), Trades(database)
    [entry] = journal.under_way()
    journal.failed(entry, "reverted in block 5: the price is another (PriceChanged)", 5, time.time())
    dearer = {(ALDER.lower(), 1): offer(price=Price.parse("0.3"))}
    [after] = orders.follow(trades.unfinished(), news(offers=dearer))
    assert after.state is TradeState.FAILED
    assert done(deeds) == [
        (Conduct.REVERTED, "changed its price to 0.30 tokens per kWh before the order was in a block")
    ]


def test_a_purchase_that_was_confirmed_at_once_still_shows_the_transaction_that_bought(
    database: Database, tmp_path: Path
) -> None:
    orders, _, order = bought(database)
    journal, trades = Journal(database), Trades(database)
    [entry] = journal.under_way()
    signed = Signed(hash="0x" + "ab" * 32, raw=b"raw")
    entry = journal.sign(entry, nonce=0, signed=signed, fees=Fees(), head=97, now=time.time())
    journal.done(journal.mined(entry, signed.hash, 98, time.time()), time.time())
    [trade] = trades.unfinished()
    [after] = orders.follow([trade], news(orders={order: on_chain(State.OPEN, trade)}))
    assert after.state is TradeState.CONFIRMED
    with open_trades(tmp_path / "trade.db") as reader:
        steps = [(step.name, step.kind, step.proof) for step in reader.steps(order)]
    assert steps[1:] == [("ordered", Proof.TRANSACTION, signed.hash), ("confirmed", Proof.BLOCK, "99")]


def test_a_settled_supply_is_remembered_once_and_the_household_came_home(database: Database) -> None:
    orders, deeds, order = bought(database)
    trades = Trades(database)
    assert trades.came_home is None
    trades.change(order, state=TradeState.SUPPLIED, baseline=10, vouchered=Energy(600))
    orders = Orders(trades, deeds, Journal(database), ACCOUNT, lambda: MANIFEST)
    orders.finish(Finish(order=order, why="The battery is at 60 %."))
    assert trades.came_home is not None
    assert Trades(database).came_home == trades.came_home, "after a restart as well"
    [trade] = trades.unfinished()
    redeemed = on_chain(State.REDEEMED, trade, paid_energy=Energy(600))
    for _ in range(2):
        orders.follow(trades.unfinished(), news(orders={order: redeemed}))
    assert done(deeds) == [(Conduct.SUPPLIED, "")]


# --- what is offered ----------------------------------------------------------------------------------------


class Shop:
    """A shop behind a relay that answers or not."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.journal, self.folder = Journal(database), folder
        self.relay = SimpleNamespace(watched=Watched(trouble=""), command=self.command)
        self.answer: Opened | Refused | RelayError = Opened()
        self.told: list[tuple[bytes, int, bool]] = []
        """Order and contact of each OPEN, and whether its release was in the journal by then."""

        own: Any = self.relay
        self.offers = OffersSettings(feeds=(SUNNY,))
        self.keeper = ShopKeeper(
            offers=self.offers, trades=Trades(database), journal=self.journal, account=ACCOUNT,
            contracts=lambda: MANIFEST, own=own, records=None, poke=lambda: None, feeds={1: "feed-1"},
            meters=folder, until_end=8.0, capacity=Energy(3_000),
        )  # fmt: skip

    def command(self, ask: Callable[[Any], Opened | Refused]) -> Opened | Refused:
        return ask(self)

    def open(self, order: bytes, contact: int) -> Opened | Refused:
        planned = self.journal.find(purpose("release", "0x" + order.hex())) is not None
        self.told.append((order, contact, planned))
        if isinstance(self.answer, RelayError):
            raise self.answer
        return self.answer

    def planned(self, soc: int | None, **known: Any) -> list[dict[str, Any]]:
        register = Register(meter="feed-1", forward=0, reverse=0, power=0, sampled=boottime())
        registers.write(self.folder, register)
        at = None if soc is None else SoC(soc)
        self.keeper.step(news(**known), at, buying=False, for_sale=ForSale(offers=self.offers))
        calls = [decode_call(entry.call.data) for entry in self.journal.under_way()]
        return [dict(call.fields) for call in calls if call is not None]


@pytest.mark.parametrize(("soc", "price"), [(8_000, "0.25"), (9_500, "0.18")])
def test_an_offer_is_published_at_the_price_of_the_moment(
    database: Database, tmp_path: Path, soc: int, price: str
) -> None:
    [call] = Shop(database, tmp_path).planned(soc)
    assert call["price"] == Price.parse(price).value
    assert call["maxEnergy"] == 5_000


def test_an_offer_that_stands_costs_nothing(database: Database, tmp_path: Path) -> None:
    standing = {(OWN, 1): offer(seller=ACCOUNT.address)}
    assert Shop(database, tmp_path).planned(8_000, offers=standing) == []


def test_nothing_is_offered_behind_a_relay_that_never_answered(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    shop.relay.watched = Watched()
    assert shop.planned(8_000) == []
    standing = {(OWN, 1): offer(seller=ACCOUNT.address)}
    assert shop.planned(8_000, offers=standing) == [], "it may still answer: the process has just begun"


def test_an_empty_gas_credit_withdraws_and_offers_nothing(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    assert shop.planned(8_000, credit=10**15) == []
    standing = {(OWN, 1): offer(seller=ACCOUNT.address)}
    [call] = shop.planned(8_000, offers=standing, credit=10**15)
    assert (call["contact"], call["maxEnergy"]) == (1, 0)


def test_a_meter_that_was_silent_for_long_withdraws(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    shop.keeper._began -= 60
    shop.keeper._feeds = {1: "another"}
    standing = {(OWN, 1): replace(offer(seller=ACCOUNT.address), contact=1)}
    [call] = shop.planned(8_000, offers=standing)
    assert (call["contact"], call["maxEnergy"]) == (1, 0)


# --- what is given back -------------------------------------------------------------------------------------

CLOSING = {ORDER: on_chain(State.CLOSING, market=MARKET)}
REFUSED = Refused(code=Code.BUSY, text="this order is supplied")


def test_the_relay_is_told_before_the_chain(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    assert len(shop.planned(None, running=CLOSING)) == 1
    assert Journal(database).find(purpose("release", ORDER)) is not None
    assert shop.told == [(bytes.fromhex(ORDER[2:]), 1, False)]
    shop.planned(None, running=CLOSING)
    assert len(shop.told) == 1, "once is enough"


def test_what_the_relay_has_heard_of_when_the_process_dies_is_given_back_by_the_next(
    database: Database, tmp_path: Path
) -> None:
    for _ in range(2):
        shop = Shop(database, tmp_path)
        shop.keeper._send = lambda *_: None  # type: ignore[method-assign]
        assert shop.planned(None, running=CLOSING) == []
    assert len(Shop(database, tmp_path).planned(None, running=CLOSING)) == 1


@pytest.mark.parametrize("answer", [REFUSED, RelayError("no answer")], ids=["refused", "unreachable"])
def test_what_the_relay_may_still_supply_is_not_given_back(
    database: Database, tmp_path: Path, answer: Refused | RelayError
) -> None:
    shop = Shop(database, tmp_path)
    shop.answer = answer
    for _ in range(3):
        assert shop.planned(None, running=CLOSING) == []
    assert len(shop.told) == 1, "it is not asked in each round"
    shop.keeper._kept.clear()
    shop.answer = Opened()
    assert len(shop.planned(None, running=CLOSING)) == 1


def test_behind_a_relay_that_is_gone_for_a_minute_it_is_given_back_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    shop = Shop(database, tmp_path)
    shop.relay.watched, shop.answer = Watched(), RelayError("no answer")
    assert shop.planned(None, running=CLOSING) == []
    shop.keeper._began -= 61
    shop.keeper._kept.clear()
    assert len(shop.planned(None, running=CLOSING)) == 1
