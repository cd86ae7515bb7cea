"""A real relay over real TCP and SQLite: recorded pins, meters as files, a chain that tests write."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.endpoint import host_and_port
from chain.keys import Account
from contracts.bindings.market import Offer, Order, State
from contracts.messages import voucher_digest
from quantities import Energy, Price
from relay_server import host
from relay_server.answering import Answering, Identity
from relay_server.chain_view import ChainView, Shown
from relay_server.client import RelayClient
from relay_server.drivers.interface import Pins
from relay_server.drivers.recording import RecordingPins
from relay_server.hands import Hands
from relay_server.persistence import Persistence
from relay_server.safety import Safety
from relay_server.server import Server
from relay_server.session import sessions
from relay_server.settings import RelaySettings
from relay_server.switchboard import Switchboard
from store import registers
from store.registers import Register
from store.snapshot import boottime
from tests.integration.ports import free_port
from tests.waiting import PATIENCE, eventually

CHAIN_ID = 4711
MARKET = "0x" + "11" * 20
PRICE = Price.parse("0.25")
FEED, TIE = 1, 11
FEED_PIN, HOME_PIN, TIE_PIN = 17, 22, 23
HOST = "127.0.3.1"
GIVES_UP = 15.0
"""Seconds that a client of these tests waits for an answer."""


@dataclass
class WrittenChain:
    """A chain that stands as the test says, with a new block whenever somebody looks."""

    seller: str
    deep: dict[bytes, Order] = field(default_factory=dict)
    newest: dict[bytes, Order] = field(default_factory=dict)
    number: int = 100
    clock_offset: int = 0
    market: str = MARKET

    def head(self) -> Shown:
        self.number += 1
        return Shown(
            number=self.number,
            hash=f"0x{self.number:064x}",
            timestamp=int(time.time()) + self.clock_offset,
            signers=1,
            period=1.0,
        )

    def orders(self, ids: Iterable[bytes], block: int) -> Mapping[bytes, Order | None]:
        state = self.newest if block == self.number else self.deep
        return {id_: state.get(id_) for id_ in ids}

    def offers(self, block: int) -> Mapping[int, Offer | None]:
        offer = Offer(
            seller=self.seller,
            contact=FEED,
            price=PRICE,
            min_energy=Energy(1),
            max_energy=Energy(5_000),
            valid_until=10**9,
            open=None,
            next=None,
        )
        return {FEED: offer}

    def paused(self, block: int) -> bool:
        return False

    def fund(self, id_: bytes, buyer: str, energy: int = 1_000, contact: int = FEED) -> None:
        order = Order(
            id=id_,
            buyer=buyer,
            seller=self.seller,
            contact=contact,
            energy=Energy(energy),
            price=PRICE,
            state=State.OPEN,
            supply_end=10**6,
            reclaim_from=None,
            paid_energy=Energy(0),
            market=self.market,
        )
        self.deep[id_] = self.newest[id_] = order

    def turn_to(self, id_: bytes, state: State) -> None:
        self.newest[id_] = replace(self.newest[id_], state=state)


@dataclass
class Rig:
    """One running relay and what its tests hold in their hands."""

    settings: RelaySettings
    seller: Account
    chain: WrittenChain
    view: ChainView
    pins: RecordingPins
    meters: Meters
    state: Path
    switchboard: Switchboard

    @property
    def address(self) -> str:
        return self.settings.listen

    def client(self, account: Account | None = None) -> RelayClient:
        return RelayClient(self.address, self.seller.address, account, CHAIN_ID, timeout=GIVES_UP)

    def raw(self) -> socket.socket:
        return socket.create_connection(host_and_port(self.address), timeout=3)

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        eventually(condition, "what was waited for", seconds)


class Meters:
    """Publishes the registers as the logger does, ten times a second, until told to be silent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.forward = {"feed-1": 5_000, "tie-11": 0}
        self.power = {"feed-1": 0, "tie-11": 20_000}
        self.silent = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.publish()
        self._thread.start()

    def publish(self) -> None:
        for meter, forward in self.forward.items():
            power = self.power[meter]
            registers.write(
                self.directory,
                Register(meter=meter, forward=forward, reverse=0, power=power, sampled=boottime()),
            )

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.1):
            if not self.silent:
                self.publish()


def voucher(buyer: Account, order: bytes, energy: int, market: str = MARKET) -> bytes:
    return buyer.sign(voucher_digest(CHAIN_ID, market, order, energy))


def make_settings(**changes: object) -> RelaySettings:
    return RelaySettings.model_validate(
        {
            "listen": f"{HOST}:{free_port(HOST)}",
            "pins": {"driver": "recording"},
            "feeds": [{"contact": FEED, "pin": FEED_PIN, "meter": "feed-1", "rating": "36 W"}],
            "transfer": {
                "home_pin": HOME_PIN,
                "ties": [{"contact": TIE, "pin": TIE_PIN, "meter": "tie-11", "rating": "36 W"}],
            },
            "lease": "3 s",
            "dwell": "10 ms",
            "stale_meter": "2 s",
            "grace": "400 ms",
        }
        | changes
    )


@contextmanager
def running_relay(tmp_path: Path, driver: Pins | None = None, **changes: object) -> Iterator[Rig]:
    """A relay with short times, fully at home and with a fresh chain when the block begins.

    Args:
        driver: the test's own; then nothing is recorded.
        changes: settings.
    """
    settings = make_settings(**changes)
    seller = Account.of(b"\x51" * 32)
    pins = RecordingPins(clock=boottime)
    state = tmp_path / "relay.db"
    persistence = Persistence(state, 0.2)
    switchboard = Switchboard(
        settings,
        seller.address,
        pins=driver or pins,
        keeps=persistence,
        remembered=persistence.remembered,
        now=boottime(),
        calls=Hands(boottime),
        clock=boottime,
    )
    switchboard.make_safe(boottime(), "the relay was started")
    persistence.start(lambda instruction: switchboard.obey(instruction, boottime()))
    chain = WrittenChain(seller=seller.address)
    view = ChainView(chain, switchboard.orders_supplied, boottime)
    meters = Meters(tmp_path / "meters")
    meters.start()
    failed = threading.Event()
    safety = Safety(settings, switchboard, view, tmp_path / "meters", failed.set)
    identity = Identity(relay=seller.address, chain_id=CHAIN_ID, markets=(MARKET,))
    answering = Answering(switchboard, view, lambda: identity, boottime)
    server = Server(settings, switchboard, answering, sessions(persistence.remembered.boot), clock=boottime)
    loop = asyncio.new_event_loop()
    network = threading.Thread(target=loop.run_forever, daemon=True)
    network.start()
    asyncio.run_coroutine_threadsafe(server.start(host.listening(settings)), loop).result(PATIENCE)
    view.start()
    safety.start()
    rig = Rig(settings, seller, chain, view, pins, meters, state, switchboard)
    try:
        rig.until(lambda: view.view.staleness(boottime()) is None)
        rig.until(lambda: switchboard.at_rest)
        yield rig
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(PATIENCE)
        view.stop()
        safety.end()
        loop.call_soon_threadsafe(loop.stop)
        network.join()
        loop.close()
        persistence.close()
        meters.stop()
    assert not failed.is_set(), "the safety loop failed"
