"""Looks at the neighbourhood while somebody watches its page: a thread, so that no page waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from chain.client import ChainClient
from chain.errors import ChainError
from contracts.bindings.market import Market, Offer, Order
from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Registry
from contracts.codec import decode_log, interface
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.aside import Aside
from node.dapp.language import N_
from node.dapp.neighbourhood import Relay, Reported, Scene, Sighting
from quantities import Energy
from relay_server.client import RelayClient
from relay_server.errors import RelayError

log = structlog.get_logger(__name__)

REST = 8.0
"""Seconds between two looks: each opens a connection to every relay."""

PATIENCE = 2.0
"""Seconds for a relay to answer."""

TOGETHER = 8
"""Relays asked at the same time."""

WINDOW = 20_000
"""Blocks whose events are asked for at once."""

UNSURE = 64
"""Blocks below the head that are looked at anew: a reorganisation may have changed them."""

KEPT = 30
"""Reports of one household."""

CONTRACT = "EnergyMarket"


@dataclass
class Events:
    """Which contacts ever had an offer, and what was reported: the chain's events, as far as read."""

    scanned: int = -1
    contacts: dict[str, set[int]] = field(default_factory=dict)
    reports: dict[str, dict[int, Reported]] = field(default_factory=dict)

    def read(self, client: ChainClient, manifest: Manifest, head: int) -> None:
        """Read on to the head.

        Raises:
            ChainError: the node does not answer.
        """
        topics = [t for t, e in interface(CONTRACT).events.items() if e.name in ("OfferSet", "Reported")]
        first = max(min(self.scanned, head) - UNSURE + 1, manifest.founded, 0)
        while first <= head:
            last = min(first + WINDOW - 1, head)
            for entry in client.logs(manifest.markets(), [topics], first, last):
                event = decode_log(entry.topics, entry.data, CONTRACT)
                if event is not None:
                    self._take(event.name, event.fields, entry.transaction)
            self.scanned, first = last, last + 1

    def _take(self, name: str, fields: Mapping[str, object], transaction: str) -> None:
        if name == "OfferSet":
            self.contacts.setdefault(str(fields["seller"]).lower(), set()).add(int(str(fields["contact"])))
            return
        kept = self.reports.setdefault(str(fields["household"]).lower(), {})
        interval = int(str(fields["interval"]))
        kept[interval] = Reported(
            interval=interval,
            produced=Energy(int(str(fields["produced"]))),
            consumed=Energy(int(str(fields["consumed"]))),
            transaction=transaction,
        )
        while len(kept) > KEPT:
            del kept[min(kept)]


class Scout:
    """What the last look saw. Threads may share it."""

    def __init__(
        self, rpc: str, manifest: Callable[[], Manifest | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Look at nothing yet.

        Args:
            rpc: the own chain node.
            manifest: the neighbourhood's contracts, if they are known.
            clock: monotonic seconds.
        """
        self._rpc, self._manifest, self._clock = rpc, manifest, clock
        self._due = float("-inf")
        self._events = Events()
        self._scene: Scene | None = None
        self.problem = ""
        """Why the last look came to nothing, as a sentence."""
        self.looking = Aside("scout", self._once)

    def scene(self) -> Scene | None:
        """What was seen last; it is looked anew behind it, where that is due. None: nothing yet."""
        if self._clock() >= self._due:
            self.looking.begin()
        return self._scene

    def _once(self) -> None:
        problem = ""
        try:
            self._scene = self._look()
            if self._scene is None:
                problem = N_("This household knows no contracts yet (chain.manifest).")
        except (ChainError, ContractsError) as error:
            log.info("neighbourhood_unseen", error=str(error))
            problem = f"{error}."
        finally:
            self.problem = problem
            self._due = self._clock() + REST

    def _look(self) -> Scene | None:
        manifest = self._manifest()
        if manifest is None:
            return None
        client = ChainClient(self._rpc, timeout=10.0)
        try:
            head = client.block_number()
            self._events.read(client, manifest, head)
            households = Registry(client, manifest.registry).households()
            relays = _ask([each.relay for each in households])
            sightings = [
                self._sighting(client, manifest, each, relay)
                for each, relay in zip(households, relays, strict=True)
            ]
        finally:
            client.close()
        return Scene(at=time.time(), head=head, sightings=sightings, scanned=self._events.scanned)

    def _sighting(
        self, client: ChainClient, manifest: Manifest, entry: Registered, relay: Relay | None
    ) -> Sighting:
        account, market = entry.account.lower(), Market(client, manifest.current)
        contacts = sorted(self._events.contacts.get(account, ()))
        offers = [o for c in contacts if (o := market.offer(entry.account, c)) is not None]
        reports = self._events.reports.get(account, {})
        return Sighting(
            registered=entry,
            relay=relay,
            offers=offers,
            orders=_running(market, offers),
            reports=[reports[interval] for interval in sorted(reports, reverse=True)],
            gas=client.balance(entry.account),
        )


def _running(market: Market, offers: Sequence[Offer]) -> list[Order]:
    found = (market.order(offer.open) for offer in offers if offer.open is not None)
    return [order for order in found if order is not None and order.state.live]


def _ask(addresses: Sequence[str]) -> list[Relay | None]:
    """What every relay says; None where a household has none."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(_relay, addresses))


def _relay(address: str) -> Relay | None:
    if not address:
        return None
    try:
        with RelayClient(address, None, None, None, timeout=PATIENCE) as relay:
            hello = relay.hello()
            return Relay(at=time.time(), head=hello.head, contacts=relay.state())
    except (RelayError, ValueError) as error:
        return Relay(at=time.time(), problem=str(error))
