"""The chain as the household's own node shows it, kept up to date by a thread of its own.

Nothing that holds a contact waits for this: the safety loop and KEEP use the last view, whatever its age.
Only an order that begins to be supplied is looked up anew, and only its own client waits for that.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import structlog

from chain.blocks import Block
from chain.client import ChainClient
from chain.confirmations import depth
from chain.errors import ChainError
from chain.freshness import Bounds, Freshness, Head, Watch, judge, observe
from chain.signers import SignerSet
from contracts.bindings.market import Market, Offer, Order
from contracts.errors import ChainBehind, ContractsError, ManifestMissing
from contracts.manifest import Manifest, load
from contracts.watched import WatchedManifest
from relay_server.authorisation import View

log = structlog.get_logger()

POLL = 0.2
"""Seconds between looks at the head: a fifth of the shortest block period."""

REMEMBERED = 60.0
"""Seconds for which an order that somebody asked about is looked at with every new block."""

ASKED_AT_ONCE = 64
"""Orders remembered so; the oldest make room. Each costs two calls a block."""

GAPS = 16
"""Blocks from whose timestamps the period is read: the shortest gap, since signers may be late, not early."""

LONGEST_PERIOD = 60.0

STALE = {
    Freshness.STALE: "the chain's head is old: this node lags behind, or this host's clock is wrong",
    Freshness.STALLED: "the chain stands still here, or was not watched for long enough yet",
    Freshness.IN_THE_PAST: "the chain's head is from the future: this host's clock is wrong",
}


class Source(Protocol):
    """Where the view comes from; `ChainReader` is the real one."""

    def head(self) -> Shown: ...  # noqa: D102
    def orders(self, ids: Iterable[bytes], block: int) -> Mapping[bytes, Order | None]: ...  # noqa: D102
    def offers(self, block: int) -> Mapping[int, Offer | None]: ...  # noqa: D102
    def paused(self, block: int) -> bool: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The head, and what it says about the chain."""

    number: int
    hash: str
    timestamp: int
    signers: int
    period: float


class ChainReader:
    """Reads one household's offers and orders over a chain client. For one thread."""

    def __init__(self, client: ChainClient, manifest: Path, seller: str, feeds: Iterable[int]) -> None:
        """Prepare; the file that names the contracts may come later."""
        self._client = client
        self._file = manifest
        self._contracts = WatchedManifest(manifest, client)
        self._markets: list[Market] = []
        """Of the manifest: the live ones first."""

        self._seller = seller
        self._feeds = tuple(feeds)
        self._signers = SignerSet(client)
        self._period: tuple[int, float] | None = None
        self.manifest: Manifest | None = None
        """As last read; each look at a head takes over what the file says, once it is verified."""

        self._refusal = ""

    def load(self) -> Manifest:
        """Read the manifest.

        Raises:
            ManifestMissing, ManifestUnreadable: not there yet, or wrong.
        """
        self.manifest = load(self._file)
        return self.manifest

    def head(self) -> Shown:
        """The node's newest block.

        Raises:
            ChainError: no answer.
            ContractsError: no manifest, or not the neighbourhood's chain and contracts.
        """
        self._follow_manifest()
        block = self._client.block("latest")
        return Shown(
            number=block.number,
            hash=block.hash,
            timestamp=block.timestamp,
            signers=len(self._signers.counted(block.number)),
            period=self._read_period(block),
        )

    def orders(self, ids: Iterable[bytes], block: int) -> Mapping[bytes, Order | None]:
        """Orders as they stood at a block, in whichever market they are."""
        return {id_: self._order(id_, block) for id_ in ids}

    def offers(self, block: int) -> Mapping[int, Offer | None]:
        """This household's offers at a block. An order of a draining market holds its contact, too."""
        return {feed: self._offer(feed, block) for feed in self._feeds}

    def _offer(self, feed: int, block: int) -> Offer | None:
        current, *draining = self._markets[: len(self.manifest.live)] if self.manifest else []
        offer = current.offer(self._seller, feed, block)
        if offer is None or offer.open is not None:
            return offer
        former = (market.offer(self._seller, feed, block) for market in draining)
        held = next((each for each in former if each is not None and each.open is not None), None)
        return offer if held is None else replace(offer, open=held.open, next=held.next)

    def paused(self, block: int) -> bool:
        """Whether new orders are paused at a block."""
        return self._markets[0].paused(block)

    def _order(self, id_: bytes, block: int) -> Order | None:
        if self.manifest is None:
            return None
        there = (market for market in self._markets if block >= self.manifest.deployed(market.address))
        found = (market.order(id_, block) for market in there)
        return next((order for order in found if order is not None), None)

    def _follow_manifest(self) -> None:
        if self.manifest is None:
            self.load()  # whose relay this is can be told before its chain node answers
        manifest = self._contracts.newest()
        if self._contracts.refusal != self._refusal:
            self._refusal = self._contracts.refusal
            log.warning("manifest not taken over", why=self._refusal or "it is again as it was")
        if not self._markets or manifest is not self.manifest:
            self.manifest = manifest
            self._markets = [Market(self._client, address) for address in manifest.markets()]
            log.info("contracts verified", market=manifest.current, draining=list(manifest.draining))

    def _read_period(self, head: Block) -> float:
        if self._period is None or head.number >= self._period[0] + GAPS or head.number <= GAPS:
            headers = self._client.headers(max(head.number - GAPS, 1), head.number)
            self._period = (head.number, shortest_gap([header.timestamp for header in headers]))
        return self._period[1]


def shortest_gap(timestamps: Sequence[int]) -> float:
    """Seconds between blocks, from consecutive timestamps; the longest believable where nothing shows it."""
    gaps = [after - before for before, after in pairwise(timestamps)]
    return min(max(float(min(gaps, default=LONGEST_PERIOD)), 1.0), LONGEST_PERIOD)


def _of(read: Mapping[bytes, Order | None], wanted: frozenset[bytes]) -> dict[bytes, Order | None]:
    """Those that are still wanted: while the chain stands still, what was asked for does not pile up."""
    return {order: found for order, found in read.items() if order in wanted}


@dataclass
class ChainView:
    """The thread, and the view that it leaves behind."""

    source: Source
    supplied: Callable[[], Iterable[bytes]]
    """The orders that hold a feed closed now."""

    clock: Callable[[], float]
    """Boottime seconds."""

    confirmations: int | None = None
    """Blocks on top of an order; None: by the number of signers."""

    wall: Callable[[], float] = time.time
    view: View = field(default_factory=View)
    _watch: Watch = field(default_factory=Watch)
    _read_at: tuple[str, frozenset[bytes]] | None = None
    _asked: dict[bytes, float] = field(default_factory=dict)
    _waiting: list[Future[View]] = field(default_factory=list)
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _ending: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="chain-view", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more. The thread may still be waiting for a node that does not answer: nobody minds."""
        with self._lock:
            self._ending = True
            self._lock.notify()

    async def look_up(self, order: bytes, timeout: float) -> View:
        """A view newer than this call that has looked for an order; a stale one if the node is too slow."""
        looked = self.asked(order)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(looked)
        except TimeoutError:
            return replace(self.view, stale=self.view.stale or "this household's chain node is too slow")

    def asked(self, order: bytes) -> Future[View]:
        """Remember an order that somebody asks for; what the next look finds is in the future's result."""
        looked: Future[View] = Future()
        with self._lock:
            self._asked.pop(order, None)
            self._asked[order] = self.clock() + REMEMBERED
            while len(self._asked) > ASKED_AT_ONCE:
                del self._asked[next(iter(self._asked))]
            self._waiting.append(looked)
            self._lock.notify()
        return looked

    def look(self) -> View:
        """Look once; the thread does so several times a second."""
        now = self.clock()
        try:
            head = self.source.head()
            self._watch = observe(self._watch, Head(number=head.number, timestamp=head.timestamp), now)
            self._read(head, now)
            fresh = judge(self._watch, Bounds.of(int(head.period), head.signers), now, self.wall())
            stale = STALE.get(fresh)
        except (ManifestMissing, ChainBehind) as waiting:
            stale = f"waiting for the neighbourhood's contracts: {waiting}"
        except (ChainError, ContractsError) as error:
            stale = str(error)
        if stale != self.view.stale:
            log.info("chain fresh") if stale is None else log.warning("chain not fresh", why=stale)
        advanced = float("-inf") if self._watch.advanced is None else self._watch.advanced
        judged = self.clock()
        relied = judged if stale is None else self.view.fresh
        self.view = replace(self.view, stale=stale, judged=judged, advanced=advanced, fresh=relied)
        return self.view

    def _read(self, head: Shown, now: float) -> None:
        """Read what another head may have changed; at the same head only the orders not read at it yet.

        So whoever asks for orders that are not there costs two calls for each, not two for all.
        """
        with self._lock:
            self._asked = {order: until for order, until in self._asked.items() if until > now}
            asked = frozenset(self._asked)
        holders = frozenset(o.open for o in self.view.offers.values() if o and o.open)
        wanted = asked | holders | frozenset(self.supplied())
        top = depth(head.signers) if self.confirmations is None else self.confirmations
        deep = max(head.number - top, 0)
        if self._read_at and self._read_at[0] == head.hash:
            unread = wanted - self._read_at[1]
            if not unread:
                return
            self.view = replace(
                self.view,
                confirmed={**_of(self.view.confirmed, wanted), **self.source.orders(unread, deep)},
                latest={**_of(self.view.latest, wanted), **self.source.orders(unread, head.number)},
            )
            self._read_at = (head.hash, wanted)
            return
        offers = self.source.offers(head.number)
        wanted |= frozenset(o.open for o in offers.values() if o and o.open)
        self.view = replace(
            self.view,
            head=head.number,
            hash=head.hash,
            period=head.period,
            confirmed=self.source.orders(wanted, deep),
            latest=self.source.orders(wanted, head.number),
            offers=offers,
            paused=self.source.paused(head.number),
        )
        self._read_at = (head.hash, wanted)

    def _run(self) -> None:
        while not self._ending:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            view = self._survived()
            for future in waiting:
                if future.set_running_or_notify_cancel():  # from here on nobody can cancel it any more
                    future.set_result(view)
            with self._lock:
                if not self._waiting and not self._ending:
                    self._lock.wait(POLL)

    def _survived(self) -> View:
        """A look that nothing can end: what nobody thought of makes the view stale, not the relay."""
        try:
            return self.look()
        except Exception:
            log.exception("chain not read")
            self.view = replace(self.view, stale="the chain cannot be read; see the relay's log")
            return self.view
