"""The parts of a relay: taken of the host, put together, begun and ended in the order that is safe.

main thread     asyncio: the network
safety          leases, meters, contacts: twelve times a second, every few milliseconds while one moves
pins            the pin driver; another such thread for each call that does not return
chain-view      the chain node
persistence     the disk
attendant       what the household's pages ask for
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chain.client import ChainClient
from contracts.errors import ManifestMissing
from relay_server import host
from relay_server.acts import Tell
from relay_server.answering import Answering, Identity
from relay_server.attending import Attendant
from relay_server.chain_view import ChainReader, ChainView
from relay_server.drivers.interface import Pins
from relay_server.hands import NONE, Call, Hands, What
from relay_server.persistence import Persistence
from relay_server.safety import Safety
from relay_server.server import Server
from relay_server.session import sessions
from relay_server.switchboard import Switchboard
from store.snapshot import boottime

if TYPE_CHECKING:
    from contracts.manifest import Manifest
    from relay_server.settings import RelaySettings


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One relay, every coil of it released."""

    listening: socket.socket
    pins: Pins
    hands: Hands
    persistence: Persistence
    switchboard: Switchboard
    chain: ChainView
    safety: Safety
    server: Server
    attendant: Attendant

    def begin(self) -> None:
        """Turn the safety loop and look at the chain; the network is the caller's."""
        self.safety.start()
        self.chain.start()
        self.attendant.start()

    def release(self) -> None:
        """Take no more commands, and release every coil."""
        self.switchboard.stop(boottime())

    def end(self) -> None:
        """Bring the contacts home, write everything down, and give back what was taken of the host."""
        self.attendant.stop()
        self.chain.stop()
        self.safety.end()
        self.persistence.keep([Tell(event="stop", contact=0)])
        try:
            self.hands.make([Call((What.CLOSE, NONE), self.pins.close)])
        finally:
            self.persistence.close()


def put_together(
    settings: RelaySettings,
    owner: str,
    *,
    registers_directory: Path,
    state: Path,
    reader: ChainReader,
    pins: Pins | None,
    failed: Callable[[], None],
) -> Parts:
    """Take what a relay needs of its host; the coils of all feeds and ties are released by then.

    Args:
        owner: checksummed.
        pins: instead of the configured driver's.
        failed: called when the safety loop cannot go on.

    Raises:
        Misconfigured: the pin driver or the address is not there.
        Unavailable: the port is taken, relay.db cannot be used.
    """
    listening = host.listening(settings)  # first, so that a second relay touches no pin of the first
    try:
        driver = pins or host.driver(settings)
        persistence = host.records(settings, state)
    except Exception:
        listening.close()
        raise
    remembered, hands = persistence.remembered, Hands(boottime)
    switchboard = Switchboard(
        settings,
        owner,
        pins=driver,
        keeps=persistence,
        remembered=remembered,
        now=boottime(),
        calls=hands,
        clock=boottime,
    )
    switchboard.make_safe(boottime(), "the relay was started")
    persistence.start(lambda instruction: switchboard.obey(instruction, boottime()))
    persistence.keep([Tell(event="boot", contact=0, facts={"boot": remembered.boot})])
    chain = ChainView(reader, switchboard.orders_supplied, boottime, settings.confirmations)
    answering = Answering(switchboard, chain, lambda: _identity(owner, reader.manifest), boottime)
    return Parts(
        listening=listening,
        pins=driver,
        hands=hands,
        persistence=persistence,
        switchboard=switchboard,
        chain=chain,
        safety=Safety(settings, switchboard, chain, registers_directory, failed),
        server=Server(settings, switchboard, answering, sessions(remembered.boot), clock=boottime),
        attendant=Attendant(state, switchboard.contacts),
    )


def chain_reader(settings: RelaySettings, owner: str, client: ChainClient, manifest: Path) -> ChainReader:
    """What reads the chain node; it waits by itself for a manifest that is not there yet.

    Raises:
        Misconfigured: the manifest is wrong.
    """
    reader = ChainReader(client, manifest, owner, [feed.contact for feed in settings.feeds])
    with suppress(ManifestMissing):
        reader.load()
    return reader


def _identity(owner: str, manifest: Manifest | None) -> Identity | None:
    if manifest is None:
        return None
    return Identity(relay=owner, chain_id=manifest.chain_id, markets=(manifest.current, *manifest.draining))
