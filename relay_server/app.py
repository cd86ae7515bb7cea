"""The relay daemon: serves the network until it is told to stop, and leaves every coil released."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.client import ChainClient
from chain.daemon import Stop, sd_ready
from chain.keys import checksum
from relay_server.drivers.interface import Pins
from relay_server.parts import Parts, chain_reader, put_together

if TYPE_CHECKING:
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
    relay = put_together(
        settings,
        owner,
        registers_directory=registers_directory,
        state=state,
        reader=chain_reader(settings, owner, client, manifest),
        pins=pins,
        failed=stop.set,
    )
    relay.begin()
    try:
        asyncio.run(_serve(relay, stop))
    finally:
        stop.set()
        relay.end()
    return 0 if relay.safety.failure is None else 1


async def _serve(relay: Parts, stop: Stop) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(stop.fileno(), stopped.set)
    if stop.is_set():
        stopped.set()
    await relay.server.start(relay.listening)
    log.info("relay ready", listen=relay.listening.getsockname())
    sd_ready()
    await stopped.wait()
    relay.release()  # before any client is waited for
    loop.remove_reader(stop.fileno())
    await relay.server.stop()
