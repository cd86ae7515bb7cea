"""The chain as this household's trader sees it: read at every new head, written to by the one sender.

One thread does all of it. What it found is one frozen `News`, replaced as a whole.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from chain.client import ChainClient
from chain.confirmations import depth as depth_of
from chain.errors import ChainError, StillCounting, Unreachable
from chain.freshness import Bounds, Freshness, Head, Watch, judge, observe
from chain.keys import Account
from chain.signers import SignerSet
from contracts.bindings import Household, Market, Offer, Order, Registry, Token
from contracts.codec import interface
from contracts.errors import ChainBehind, ContractsError, ManifestMissing
from contracts.manifest import Manifest
from contracts.watched import WatchedManifest
from node.wallet.sender import Sender
from quantities import Tokens
from store.snapshot import boottime

log = structlog.get_logger()

WARM = 0.1
"""Seconds between two looks at the head while something is on its way."""

COOL = 0.5
"""Seconds while nothing is."""

RETRY = 3.0
"""Seconds between two tries to verify the contracts."""

LET_GO = 0.3
"""Seconds that a stop waits for an answer of the node: a daemon ends within 3 s, going home included."""

REGISTRY = 10.0
"""Seconds between two looks at the registry."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """Where an order ended on the chain."""

    transaction: str
    block: int


@dataclass(frozen=True, kw_only=True)
class News:
    """The chain at one head."""

    head: int = 0
    seen: float = 0.0
    """Boottime seconds at which this head was first seen."""

    depth: int = 1
    period: float = 1.0
    """Seconds a block, of the last few."""

    balance: Tokens = field(default_factory=Tokens)
    credit: int = 0
    """Wei, for gas."""

    offers: Mapping[tuple[str, int], Offer] = field(default_factory=dict)
    """By seller's account (lower case) and contact, at the head."""

    paused: bool = False
    """Whether the authority has paused new orders."""

    households: Mapping[str, Household] = field(default_factory=dict)
    """By account (lower case)."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    """The trades' orders, at confirmation depth."""

    running: Mapping[str, Order] = field(default_factory=dict)
    """The orders on the own offers in all markets, draining ones included, at the head."""

    settlements: Mapping[str, Settlement] = field(default_factory=dict)
    trouble: str = "The chain has not answered yet."
    """Why the chain cannot be relied on, as a sentence; empty: it can."""

    waiting: str = ""
    """What has to be there before the contracts can be used, as a clause; empty: nothing more."""

    wrong: str = ""
    """Why these contracts are not to be used at all, as a sentence."""


@dataclass(frozen=True, kw_only=True)
class Interest:
    """What to read at each head."""

    sellers: tuple[tuple[str, int], ...] = ()
    """Accounts and contacts of others' offers."""

    feeds: tuple[int, ...] = ()
    """Contacts of the own offers."""

    orders: Mapping[str, str] = field(default_factory=dict)
    """Of unfinished trades, with the market that each was made in."""


class Ledger:
    """Reads and writes the chain in a thread of its own."""

    def __init__(
        self,
        client: ChainClient,
        manifest: Path,
        account: Account,
        *,
        sender: Callable[[Manifest], Sender],
        recover: Callable[[Manifest, int, int, bool], object],
        confirmations: int | None,
        interest: Callable[[], Interest],
        news: Callable[[], None],
    ) -> None:
        """Prepare; `start` begins.

        Args:
            client: of the household's own node.
            manifest: file that names the contracts.
            account: this household's.
            sender: makes the sender once the chain is known.
            recover: looks for own orders that the books do not know, before anything is sent.
            confirmations: depth at which an order counts; None: as the number of signers asks for.
            interest: what to read.
            news: called when something has changed.
        """
        self._client = client
        self._contracts = WatchedManifest(manifest, client)
        self._account = account
        self._make_sender = sender
        self._recover = recover
        self._confirmations = confirmations
        self._signers = SignerSet(client)
        self._interest = interest
        self._tell = news
        self._sender: Sender | None = None
        self._news = News()
        self.manifest: Manifest | None = None
        """Once verified; replaced as a whole when another market takes the new orders."""

        self._refusal = ""

        self._blocks: deque[tuple[int, int]] = deque(maxlen=16)
        self._hash = ""
        self._watch = Watch()
        self._signing = 1
        self._unknown: frozenset[str] = frozenset()
        self._registry_read = float("-inf")
        self._warm = False
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped = True
        self._wake.set()
        self._thread.join(LET_GO)

    @property
    def news(self) -> News:
        """The newest."""
        return self._news

    def warm(self, warm: bool) -> None:
        """Whether to look often: something is on its way."""
        if warm and not self._warm:
            self._wake.set()
        self._warm = warm

    def poke(self) -> None:
        """There is something to send: at once."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            pause = self._once()
            self._wake.wait(pause)
            self._wake.clear()

    def _once(self) -> float:  # noqa: PLR0911 - one a kind of trouble
        try:
            switched = self._verify()
            self._look(switched)
        except (ManifestMissing, ChainBehind) as error:
            self._publish(replace(self._news, waiting=str(error), wrong=""))
            return COOL
        except ContractsError as error:
            self._publish(replace(self._news, waiting="", wrong=_sentence(error)))
            return RETRY
        except StillCounting as error:
            self._publish(replace(self._news, trouble=_sentence(error)))
            return 0.0
        except Unreachable:
            self._publish(
                replace(self._news, trouble=f"The chain node at {self._client.url} does not answer.")
            )
            return COOL
        except ChainError as error:
            self._publish(replace(self._news, trouble=f"The chain node refuses: {error}."))
            return COOL
        except Exception as error:  # a full disk, say: without this thread the trader would believe old news
            if self._stopped:
                return 0.0
            log.exception("chain-not-followed")
            why = f"The chain cannot be followed here ({error}); see the log of client-interaction."
            self._publish(replace(self._news, trouble=why))
            return RETRY
        return WARM if self._warm else COOL

    def _verify(self) -> bool:
        """Take over what the manifest says now; True: it says something new."""
        manifest = self._contracts.newest()
        if self._contracts.refusal != self._refusal:
            self._refusal = self._contracts.refusal
            log.warning("manifest-not-taken-over", why=self._refusal or "it is again as it was")
        if manifest is self.manifest:
            return False
        if self._sender is None:
            self._sender = self._make_sender(manifest)
        self.manifest = manifest
        self._publish(replace(self._news, waiting="", wrong=""))
        log.info(
            "contracts-verified",
            chain=manifest.chain_id,
            market=manifest.current,
            draining=list(manifest.draining),
        )
        return True

    def _look(self, switched: bool) -> None:
        """A new head: read all. The same head: only send, and see how old it is."""
        assert self.manifest is not None  # noqa: S101 - verified first
        assert self._sender is not None  # noqa: S101
        latest = self._client.block("latest")
        now = boottime()
        fresh = latest.hash != self._hash
        self._watch = observe(self._watch, Head(number=latest.number, timestamp=latest.timestamp), now)
        if fresh:
            self._signing = len(self._signers.counted(latest.number))
            self._blocks.append((latest.number, latest.timestamp))
        depth = self._confirmations or depth_of(self._signing)
        self._recover(self.manifest, latest.number, depth, not self._standing())
        changed = self._sender.step(latest.number, depth)
        interest = self._interest()
        known = set(interest.orders) <= set(self._news.orders) | set(self._unknown)
        if fresh or changed or switched or not known:
            self._publish(self._read(latest.number, depth, interest, now if fresh else self._news.seen))
            self._hash = latest.hash
        else:
            self._publish(replace(self._news, trouble=self._standing()))

    def _read(self, head: int, depth: int, interest: Interest, seen: float) -> News:
        assert self.manifest is not None  # noqa: S101
        market = Market(self._client, self.manifest.current)
        own = self._account.address
        pairs = [*interest.sellers, *((own, contact) for contact in interest.feeds)]
        offers = {
            (account.lower(), contact): offer
            for account, contact in pairs
            if (offer := market.offer(account, contact, head)) is not None
        }
        mine = [offer for (account, _), offer in offers.items() if account == own.lower()]
        running = dict(self._held(self.manifest.current, mine))
        for former in self.manifest.draining:
            pages = (Market(self._client, former).offer(own, contact, head) for contact in interest.feeds)
            running |= self._held(former, pages)
        orders = self._orders(interest.orders, max(head - depth, 0))
        self._unknown = frozenset(interest.orders) - frozenset(orders)
        return News(
            head=head,
            seen=seen,
            depth=depth,
            period=self._period(),
            balance=Token(self._client, self.manifest.token).balance(own, head),
            credit=self._client.balance(own, head),
            offers=offers,
            paused=market.paused(head),
            households=self._households(),
            orders=orders,
            running=self._orders(running, head),
            settlements=self._settlements(orders, head),
            trouble=self._standing(),
        )

    @staticmethod
    def _held(market: str, offers: Iterable[Offer | None]) -> dict[str, str]:
        """The orders that run on a market's offers, each with its market."""
        shown = [order for offer in offers if offer is not None for order in (offer.open, offer.next)]
        return {f"0x{order.hex()}": market for order in shown if order is not None}

    def _orders(self, wanted: Mapping[str, str], block: int) -> dict[str, Order]:
        """Orders, each from its market. Those that are over never change again: they are read once."""
        assert self.manifest is not None  # noqa: S101
        found: dict[str, Order] = {}
        for name, market in wanted.items():
            before = self._news.orders.get(name)
            over = before is not None and not before.state.live
            if not over and block < self.manifest.deployed(market):
                continue
            order = before if over else Market(self._client, market).order(bytes.fromhex(name[2:]), block)
            if order is not None:
                found[name] = order
        return found

    def _settlements(self, orders: Mapping[str, Order], head: int) -> dict[str, Settlement]:
        """Transaction and block of each order's end."""
        assert self.manifest is not None  # noqa: S101
        found = {name: known for name, known in self._news.settlements.items() if name in orders}
        events = interface("EnergyMarket").events
        ends = [
            topic
            for topic, entry in events.items()
            if entry.name in ("OrderRedeemed", "OrderReleased", "OrderReclaimed")
        ]
        for name, order in orders.items():
            if order.state.live or name in found:
                continue
            since = self.manifest.deployed(order.market)
            logs = self._client.logs(order.market, [ends, order.id], since, head)
            if logs:
                found[name] = Settlement(transaction=logs[-1].transaction, block=logs[-1].block)
        return found

    def _households(self) -> Mapping[str, Household]:
        assert self.manifest is not None  # noqa: S101
        now = boottime()
        if now - self._registry_read < REGISTRY and self._news.households:
            return self._news.households
        listed = Registry(self._client, self.manifest.registry).households()
        self._registry_read = now
        return {household.account.lower(): household for household in listed}

    def _period(self) -> float:
        (first, began), (last, ended) = self._blocks[0], self._blocks[-1]
        return max((ended - began) / (last - first), 0.1) if last > first else 1.0

    def _standing(self) -> str:
        """What is wrong with the head, as a sentence."""
        bounds = Bounds.of(max(round(self._period()), 1), self._signing)
        head = self._watch.head
        number = 0 if head is None else head.number
        match judge(self._watch, bounds, boottime(), time.time()):
            case Freshness.FRESH:
                return ""
            case Freshness.STALLED if self._watch.advanced is None:
                return f"The chain is at block {number}; its next one is waited for."
            case Freshness.STALLED:
                return f"The chain stands still at block {number}."
            case Freshness.STALE:
                return f"The chain node lags behind, at block {number}; or this host's clock is wrong."
            case Freshness.IN_THE_PAST:
                return "This host's clock is behind the chain's time: set it (chrony, timedatectl)."

    def _publish(self, news: News) -> None:
        if news != self._news:
            told, before = ((n.waiting, n.wrong, n.trouble) for n in (news, self._news))
            if told != before:
                log.info("chain", head=news.head, trouble=next(filter(None, told), "none"))
            self._news = news
            self._tell()


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
