"""The relay daemon: puts the parts together, turns the safety loop, and leaves every coil released.

main thread     asyncio: the network
safety          leases, meters, contacts: twelve times a second, every few milliseconds while one moves
chain-view      the chain node
persistence     the disk
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.client import ChainClient
from chain.daemon import Stop, sd_ready, sd_watchdog
from chain.endpoint import host_and_port
from chain.errors import Misconfigured, Unavailable
from chain.keys import checksum
from contracts.errors import ManifestMissing
from relay_server.acts import Tell
from relay_server.chain_view import ChainReader, ChainView
from relay_server.drivers import interface
from relay_server.drivers.interface import DriverMissing, Pins
from relay_server.persistence import Persistence
from relay_server.server import Identity, Server
from relay_server.session import sessions
from relay_server.switchboard import Switchboard
from store import registers
from store.errors import StoreError
from store.registers import Register
from store.snapshot import boottime

if TYPE_CHECKING:
    from contracts.manifest import Manifest
    from relay_server.settings import RelaySettings

log = structlog.get_logger()

TURN = 0.08
"""Seconds between turns of the safety loop at rest: 12.5 a second."""

MOVING_TURN = 0.005
"""Seconds while a contact is changing, so that the changeover is not longer than it must be."""

STOPPING = 2.0
"""Seconds for the contacts to come home at a stop; a daemon ends within 3 s of SIGTERM."""


def run(
    settings: RelaySettings,
    owner: str,
    *,
    registers_directory: Path,
    state: Path,
    client: ChainClient,
    manifest: Path,
    stop: Stop,
    pins: Pins | None = None,
) -> int:
    """Run until told to stop; answers the exit code.

    Args:
        owner: account of the household whose contacts these are.
        registers_directory: where the logger publishes the meters.
        state: relay.db.
        client: of the household's own node, for the chain view's thread alone.
        manifest: names the contracts. While it is not there, contacts stay as they are at rest.
        stop: SIGTERM and SIGINT set it.
        pins: instead of the configured driver's.

    Raises:
        Misconfigured: the pin driver or the address is not there, the manifest is wrong.
        Unavailable: the port is taken, relay.db cannot be used.
    """
    owner = checksum(owner)
    reader = ChainReader(client, manifest, owner, [feed.contact for feed in settings.feeds])
    with suppress(ManifestMissing):
        reader.load()
    listening = _listening(settings)  # first, so that a second relay touches no pin of the first
    try:
        driver = pins or _driver(settings)
        with_records = _records(settings, state)
    except Exception:
        listening.close()
        raise
    switchboard = Switchboard(
        settings,
        owner,
        pins=driver,
        keeps=with_records,
        remembered=with_records.remembered,
        now=boottime(),
    )
    switchboard.make_safe(boottime(), "the relay was started")
    with_records.start(lambda instruction: switchboard.obey(instruction, boottime()))
    with_records.keep([Tell(event="boot", contact=0, facts={"boot": with_records.remembered.boot})])
    chain = ChainView(reader, switchboard.orders_supplied, boottime, settings.confirmations)
    safety = Safety(settings, switchboard, chain, registers_directory, stop.set)
    server = Server(
        settings,
        switchboard,
        chain,
        lambda: _identity(owner, reader.manifest),
        sessions(with_records.remembered.boot),
        clock=boottime,
    )
    safety.start()
    chain.start()
    try:
        asyncio.run(_serve(listening, server, stop, lambda: switchboard.stop(boottime())))
    finally:
        stop.set()
        chain.stop()
        safety.end()
        with_records.keep([Tell(event="stop", contact=0)])
        try:
            driver.close()
        finally:
            with_records.close()
    return 0 if safety.failure is None else 1


class Safety:
    """The loop that holds every promise to the household, whatever network, chain and disk are doing."""

    def __init__(
        self,
        settings: RelaySettings,
        switchboard: Switchboard,
        chain: ChainView,
        registers_directory: Path,
        failed: Callable[[], None],
    ) -> None:
        """Prepare; `failed` is called when the loop cannot go on."""
        self._meters = {c.contact: c.meter for c in (*settings.feeds, *settings.ties)}
        self._switchboard = switchboard
        self._chain = chain
        self._directory = registers_directory
        self._failed = failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="safety", daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Release every contact, and turn on until home is closed, for two seconds at most."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        deadline = boottime() + STOPPING
        try:
            self._switchboard.stop(boottime())
            while not self._switchboard.at_rest and boottime() < deadline:
                self._switchboard.turn(boottime(), self._read(), self._chain.view)
                time.sleep(MOVING_TURN)
        except Exception as error:
            log.exception("safety loop failed at the stop: the driver gives the pins back")
            self.failure = error

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                moving = self._switchboard.turn(boottime(), self._read(), self._chain.view)
                sd_watchdog()
                self._ended.wait(MOVING_TURN if moving else TURN)
        except Exception as error:
            self.failure = error
            try:  # the coils first: nothing else may go wrong before them, nor keep the process from ending
                self._switchboard.make_safe(boottime(), "the safety loop failed")
            finally:
                self._failed()
                log.exception("safety loop failed: every coil is released")

    def _read(self) -> Mapping[int, Register | None]:
        return {contact: registers.read(self._directory, meter) for contact, meter in self._meters.items()}


async def _serve(listening: socket.socket, server: Server, stop: Stop, release: Callable[[], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(stop.fileno(), stopped.set)
    if stop.is_set():
        stopped.set()
    await server.start(listening)
    log.info("relay ready", listen=listening.getsockname())
    sd_ready()
    await stopped.wait()
    release()  # before any client is waited for
    loop.remove_reader(stop.fileno())
    await server.stop()


def _identity(owner: str, manifest: Manifest | None) -> Identity | None:
    if manifest is None:
        return None
    return Identity(relay=owner, chain_id=manifest.chain_id, markets=(manifest.current, *manifest.draining))


def _listening(settings: RelaySettings) -> socket.socket:
    host, port = host_and_port(settings.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"relay.listen: {settings.listen} is taken: another relay runs here, or choose another port"
            ) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise Unavailable(
                f"relay.listen: {settings.listen} is no address of this host: is its link up?"
            ) from error
        why = error.strerror or error
        raise Misconfigured(f"relay.listen: cannot listen at {settings.listen}: {why}") from error


def _records(settings: RelaySettings, state: Path) -> Persistence:
    try:
        return Persistence(state, settings.save)
    except StoreError as error:
        raise Unavailable(f"relay: {error}") from error


def _driver(settings: RelaySettings) -> Pins:
    try:
        return interface.load(settings.pins.driver, settings.pins.options)
    except DriverMissing as error:
        raise Misconfigured(str(error)) from error
