"""Two real households on a real chain: contracts, relay servers, traders are real; only the copper is played.

The test's world closes the circuit between Alder's feed and Birch's tie by what the relays do to their pins,
and publishes the meters' registers and the batteries' states as the logger would.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from chain.client import ChainClient
from chain.daemon import Stop
from chain.keys import Account, create, write_private
from contracts.authority import Authority
from contracts.bindings import Household, Market, Role, Token
from contracts.deploy import Admission, Terms, deploy
from contracts.manifest import Manifest
from node.client_interaction import status
from node.client_interaction.loop import Trader
from node.client_interaction.status import State, Status
from node.client_interaction.trade import Step, Trade
from node.client_interaction.trades import open_trades
from node.config import Settings, load
from quantities import Tokens
from relay_server import app
from relay_server.drivers.recording import RecordingPins
from store import registers, snapshot
from store.errors import Unopenable
from store.registers import Register
from store.snapshot import boottime
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain
from tests.integration.ports import free_port

PURSE = Tokens.parse(100)
FEED_PIN, HOME_PIN, TIE_PIN = 17, 22, 23
SAMPLE = 0.25
"""Seconds between two samples of the meters; the real logger takes one a second."""

PASSWORD = "for tests only"
CHECKOUT = Path(__file__).parents[3]


@dataclass
class Home:
    """One household and what the world knows of it."""

    name: str
    folder: Path
    account: Account
    address: str
    config: Path
    settings: Settings
    manifest: Manifest
    pins: RecordingPins = field(default_factory=lambda: RecordingPins(clock=boottime))
    soc: int | None = 8_000
    """Hundredths of a percent; None: its sensor is dead."""
    meter_forward: float = 0.0
    """mWh at its feed, or at its tie."""
    deaf: bool = False
    """Its meter publishes nothing."""
    _relay: tuple[Stop, threading.Thread] | None = None
    _trader: tuple[Stop, threading.Thread] | None = None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def meter(self) -> str:
        return "feed-1" if self.name == "alder" else "tie-11"

    # --- processes ------------------------------------------------------------------------------------------

    def start_relay(self) -> None:
        relay = self.settings.relay
        assert relay is not None
        stop = Stop()
        thread = threading.Thread(
            target=app.run,
            args=(relay, self.account.address),
            kwargs={
                "registers_directory": self.settings.paths.meters,
                "state": self.settings.paths.state / "relay.db",
                "client": ChainClient(self.settings.chain.rpc),
                "manifest": self.settings.chain.manifest,
                "stop": stop,
                "pins": self.pins,
            },
        )
        thread.start()
        self._relay = stop, thread

    def stop_relay(self) -> None:
        if self._relay is not None:
            stop, thread = self._relay
            stop.set()
            thread.join()
            self._relay = None

    def start_trader(self) -> None:
        stop = Stop()

        def trade() -> None:
            trader = Trader(self.settings, self.account)
            trader.start()
            try:
                trader.run(stop)
            finally:
                trader.stop()

        thread = threading.Thread(target=trade)
        thread.start()
        self._trader = stop, thread

    def stop_trader(self) -> None:
        if self._trader is not None:
            stop, thread = self._trader
            stop.set()
            thread.join()
            self._trader = None

    def spawn_trader(self) -> subprocess.Popen[bytes]:
        """The real command, in a process of its own, to be killed."""
        program = Path(sys.executable).with_name("commonwatt")
        log = (self.folder / "trader.log").open("ab")
        self._process = subprocess.Popen(
            [program, "client-interaction", "run", "--config", self.config],
            stderr=log, stdout=log, env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )  # fmt: skip
        return self._process

    def kill_trader(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def end(self) -> None:
        self.kill_trader()
        self.stop_trader()
        self.stop_relay()

    # --- what it says ---------------------------------------------------------------------------------------

    def status(self) -> Status | None:
        return status.read(self.settings.paths.run)

    def state(self) -> State | None:
        now = self.status()
        return None if now is None else now.state

    def trades(self) -> list[Trade]:
        """Newest first."""
        try:
            with open_trades(self.settings.paths.state / "trade.db") as reader:
                return reader.latest()
        except Unopenable:
            return []

    def steps(self, order: str) -> list[Step]:
        with open_trades(self.settings.paths.state / "trade.db") as reader:
            return reader.steps(order)


@dataclass
class Street:
    """Alder sells, Birch buys."""

    chain: TestChain
    manifest: Manifest
    alder: Home
    birch: Home
    watts: float = 20.0
    """What flows when the line is closed at both ends."""
    true_mwh: float = 0.0
    """What has flowed."""
    shorts: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def market(self) -> Market:
        return Market(self.chain.client, self.manifest.current)

    @property
    def token(self) -> Token:
        return Token(self.chain.client, self.manifest.token)

    def connected(self) -> bool:
        """Whether the feed and the tie are both closed."""
        feed = self.alder.pins.energised.get(FEED_PIN, False)
        return feed and self.birch.pins.energised.get(TIE_PIN, False)

    def feed_closed(self) -> bool:
        return self.alder.pins.energised.get(FEED_PIN, False)

    def conserved(self) -> bool:
        """Everything that was minted is in a purse or in escrow."""
        held = [self.alder.account.address, self.birch.account.address, self.manifest.current]
        total = sum(self.token.balance(account).value for account in held)
        return total == self.token.supply().value

    def play(self) -> None:
        """The copper and the loggers, until the test is over."""
        before = boottime()
        while not self._over.wait(SAMPLE):
            now = boottime()
            flowing = self.connected()
            self.birch.pins.voltage[TIE_PIN] = self.feed_closed()
            gained = self.watts * 1_000 * (now - before) / 3_600 if flowing else 0.0
            if self.birch.pins.energised.get(TIE_PIN, False) and not self.birch.pins.energised.get(
                HOME_PIN, False
            ):
                self.shorts += 1
            self.true_mwh += gained
            before = now
            for home in (self.alder, self.birch):
                home.meter_forward += gained
                if not home.deaf:
                    power = round(self.watts * 1_000) if flowing else 0
                    registers.write(
                        home.settings.paths.meters,
                        Register(meter=home.meter, forward=int(home.meter_forward), reverse=0, power=power,
                                 sampled=now),
                    )  # fmt: skip
                if home.soc is not None:
                    snapshot.write(home.settings.paths.battery, {"soc": home.soc}, now)


@contextlib.contextmanager
def street(
    tmp_path: Path, host: str, period: int = 1, feed: dict[str, object] | None = None, **trading: object
) -> Iterator[Street]:
    """Build the street; the households' processes are started by the test.

    Args:
        feed: what is different about Alder's offer.
        trading: what is different about how Birch buys.
    """
    folders = {name: tmp_path / name for name in ("alder", "birch")}
    accounts = {name: _key(folder) for name, folder in folders.items()}
    alloc = {account.address: ETHER for account in accounts.values()}
    chain_folder = tmp_path / "chain"
    chain_folder.mkdir()
    with one_signer_chain(chain_folder, host, alloc, period) as chain:
        addresses = {name: f"{host}:{free_port(host)}" for name in folders}
        terms = Terms(
            mint_cap=Tokens.parse(1_000), mint_period=100_000, supply_blocks=120, challenge_blocks=5
        )
        admissions = [
            Admission(
                household=Household(accounts["alder"].address, "alder", Role.PRODUCER, "", addresses["alder"])
            ),
            Admission(
                household=Household(
                    accounts["birch"].address, "birch", Role.CONSUMER, "", addresses["birch"]
                ),
                tokens=PURSE,
            ),
        ]
        manifest = deploy(Authority(chain.account, chain.client), chain.client, terms, admissions)
        manifest.save(tmp_path / "manifest.json")
        homes = {
            name: _home(name, tmp_path, accounts, addresses, chain, manifest, trading, feed or {})
            for name in folders
        }
        built = Street(chain=chain, manifest=manifest, alder=homes["alder"], birch=homes["birch"])
        world = threading.Thread(target=built.play)
        world.start()
        try:
            yield built
        finally:
            for home in homes.values():
                home.end()
            built._over.set()
            world.join()


def _key(folder: Path) -> Account:
    folder.mkdir(parents=True)
    write_private(folder / "key.password", PASSWORD.encode())
    return create(folder / "key.json", PASSWORD)


def _home(
    name: str, tmp_path: Path, accounts: dict[str, Account], addresses: dict[str, str], chain: TestChain,
    manifest: Manifest, trading: dict[str, object], feed: dict[str, object],
) -> Home:  # fmt: skip
    folder = tmp_path / name
    relay: dict[str, object] = {"listen": addresses[name], "pins": {"driver": "simulated"}, "dwell": "1 s"}
    content: dict[str, object] = {
        "household": {"name": name, "role": "producer" if name == "alder" else "consumer"},
        "paths": {"run": str(folder / "run"), "state": str(folder / "state")},
        "account": {"keystore": "key.json", "password_file": "key.password"},
        "chain": {
            "rpc": chain.url, "genesis": str(chain.genesis_file), "manifest": str(tmp_path / "manifest.json"),
        },
        "sensors": {"battery": {"driver": "ina219"}},
        "battery": {"sensor": "battery", "capacity": "3 Wh"},
    }  # fmt: skip
    if name == "alder":
        relay["feeds"] = [{"contact": 1, "pin": FEED_PIN, "meter": "feed-1", "rating": "300 W"}]
        content["sensors"] = {"battery": {"driver": "ina219"}, "feed-1": {"driver": "ina219"}}
        content["offers"] = {
            "reserve": "40 %", "settle": "1 s",
            "feeds": [{"contact": 1, "price": "0.25", "max_energy": "5 Wh", **feed}],
        }  # fmt: skip
    else:
        tie = {"contact": 11, "pin": TIE_PIN, "meter": "tie-11", "rating": "300 W"}
        relay["transfer"] = {"home_pin": HOME_PIN, "ties": [tie]}
        content["sensors"] = {"battery": {"driver": "ina219"}, "tie-11": {"driver": "ina219"}}
        usual = {"limit": "30 %", "resume": "60 %", "delta": "200 mWh", "dwell": "1 s"}
        content["trading"] = {**usual, **trading}
        content["sellers"] = {
            "alder": {
                "account": accounts["alder"].address, "relay": addresses["alder"],
                "contact": 1, "channel": 11,
            }
        }  # fmt: skip
    content["relay"] = relay
    config = folder / "household.yml"
    config.write_text(yaml.safe_dump(content))
    settings = load((config,))
    settings.paths.state.mkdir(parents=True, exist_ok=True)
    settings.paths.meters.mkdir(parents=True, exist_ok=True)
    return Home(
        name=name, folder=folder, account=accounts[name], address=addresses[name], config=config,
        settings=settings, manifest=manifest,
    )  # fmt: skip
