"""The relay daemon: puts the parts together, turns the safety loop, and leaves every coil released.

main thread     asyncio: the network
safety          leases, meters, contacts: twelve times a second, every few milliseconds while one moves
chain-view      the chain node
persistence     the disk
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.client import ChainClient
from chain.daemon import Stop, sd_ready
from chain.keys import checksum
from contracts.errors import ManifestMissing
from relay_server import host
from relay_server.acts import Tell
from relay_server.answering import Answering, Identity
from relay_server.chain_view import ChainReader, ChainView
from relay_server.drivers.interface import Pins
from relay_server.safety import Safety
from relay_server.server import Server
from relay_server.session import sessions
from relay_server.switchboard import Switchboard
from store.snapshot import boottime

if TYPE_CHECKING:
    from contracts.manifest import Manifest
    from relay_server.settings import RelaySettings

log = structlog.get_logger()

TURN_OF_THREADS = 0.001
"""Seconds after which a thread that computes lets another have Python. With the usual 5 ms the safety loop
waits so long after each file that it reads, and a KEEP after each look at the chain."""


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
    sys.setswitchinterval(TURN_OF_THREADS)
    owner = checksum(owner)
    reader = ChainReader(client, manifest, owner, [feed.contact for feed in settings.feeds])
    with suppress(ManifestMissing):
        reader.load()
    listening = host.listening(settings)  # first, so that a second relay touches no pin of the first
    try:
        driver = pins or host.driver(settings)
        with_records = host.records(settings, state)
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
    answering = Answering(switchboard, chain, lambda: _identity(owner, reader.manifest), boottime)
    server = Server(settings, switchboard, answering, sessions(with_records.remembered.boot), clock=boottime)
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
