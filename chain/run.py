"""Runs the household's chain node: starts geth, and again when it dies, connects it, and tells how it is.

Geth never outlives this process, however that ends (chain.child); what it had accepted is on disk at any
time, because it runs in archive mode.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from chain import child, genesis, ipc, lines
from chain.back_off import BackOff
from chain.blocks import Header
from chain.clique import Clique
from chain.daemon import Stopping, run_every, sd_ready
from chain.endpoint import host_and_port
from chain.engine import Engine, NodeStatus
from chain.errors import ChainError, NodeUnavailable
from chain.freshness import Bounds, Head, Watch, observe
from chain.health import Health, assess
from chain.keys import enode, load_node_key
from chain.plan import NodePlan
from chain.ports import check_lock, check_ports
from chain.reorganisation import hashes, replaced, too_deep
from chain.room import Room
from chain.signers import SignerSet
from chain.standstill import BEGINNING

BEAT = 1.0
"""Seconds between two looks at the node."""

ROUNDS = 4
"""How many turns of every signer the health looks back at."""

PEERS_EVERY = 10.0
"""Seconds between two looks at the registry."""

MUTE = 120.0
"""Seconds without an answer after which a running node counts as hung. After a power cut it opens its
database for some seconds first."""

PATIENCE = 2.0
"""Seconds that the node has to end by itself: closing takes it well below one."""

TAKEN_PATIENCE = 3.0
"""Seconds that a port may still be taken at the start: by the node of a predecessor that is just dying."""

Publish = Callable[[Mapping[str, object]], None]
Peers = Callable[[], Sequence[str]]


def run(node: NodePlan, publish: Publish, stop: Stopping, peers: Peers | None = None) -> int:
    """Run the node until stopped. Call it from the main thread (chain.child says why).

    Args:
        node: what to run.
        publish: takes the node's state every second: height, head_time, peers, signers, silent (the
            signers that sealed none of the last blocks), missed (turns in them), sealing, syncing, geth (its
            version); still (seconds since the head advanced, null before it was seen to), replaced (blocks
            that orders may have counted on and that are in the chain no more, 0: none), replaced_at (Unix
            seconds); enode; and what `chain.room.Room` says of the disk.
        stop: ends it.
        peers: the enodes of the neighbourhood's other nodes, from the registry. What it raises is logged, and
            the node keeps the peers that it has.

    Returns:
        The exit code.

    Raises:
        SettingRefused, KeyRefused: the configuration is wrong, or the data directory holds another chain.
        NodeUnavailable: geth is missing, or an address is taken.
    """
    engine = Clique(node)
    ours = enode(load_node_key(node.key_file), *host_and_port(node.listen))
    friends = Friends(engine, ours, node.peers, peers)
    supervisor = Supervisor(
        node=node,
        engine=engine,
        version=engine.version(),
        publish=lambda state: publish({**state, "enode": ours}),
        friends=friends,
        period=genesis.load(node.genesis).period,
    )
    engine.init()
    _wait_for_ports(node, stop)
    sd_ready()
    lines.info("chain node begins", geth=supervisor.version, listen=node.listen, http=node.http, enode=ours)
    try:
        run_every(BEAT, supervisor.beat, stop)
    finally:
        supervisor.end()
    return 0


class Supervisor:
    """Keeps one node running."""

    def __init__(
        self,
        *,
        node: NodePlan,
        engine: Engine,
        version: str,
        publish: Publish,
        friends: Friends,
        period: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.version = version
        self._node = node
        self._engine = engine
        self._publish = publish
        self._friends = friends
        self._period = period
        self._clock = clock
        self._signers = SignerSet(engine)
        self._known_signers: frozenset[str] = frozenset()
        self._health: Health | None = None
        self._still = BEGINNING
        self._watch = Watch()
        self._last: Mapping[int, str] = {}
        self._replaced, self._replaced_at = 0, 0
        self._room = Room(node.data)
        self._child: subprocess.Popen[bytes] | None = None
        self._started = self._answered = 0.0
        self._next_start = 0.0
        self._back_off = BackOff()
        self._said: str | None = None

    def beat(self) -> None:
        """One look at the node, once a second."""
        now = self._clock()
        if self._child is None:
            if now >= self._next_start:
                self._start(now)
        elif (code := self._child.poll()) is not None:
            self._died(f"geth ended with {_ending(code)}", now)
        elif now - max(self._started, self._answered) > MUTE:
            child.end(self._child, PATIENCE)
            self._died(f"geth did not answer for {MUTE:.0f} s and was ended", now)
        else:
            self._look(now)

    def end(self) -> None:
        """End the node."""
        if self._child is not None:
            code = child.end(self._child, PATIENCE)
            lines.info("chain node ended", ending=_ending(code))
            self._child = None

    def _start(self, now: float) -> None:
        try:
            sealer = self._sealer()
            check_all(self._node)
            command = self._engine.command(sealer)
            self._child = child.start(command, self._engine.environment())
        except ChainError as error:
            self._say_once(str(error))
            self._back_off = self._back_off.failed(0)
            self._next_start = now + self._back_off.delay
            return
        self._started, self._said = now, None
        lines.info("geth started", pid=self._child.pid, seals=sealer or "nothing")

    def _sealer(self) -> str | None:
        """The address that the sealer seals with; only the sealer can read its key."""
        if self._node.sealer is None:
            return None
        try:
            accounts = ipc.request(self._node.sealer, "account_list")
        except ChainError as error:
            raise NodeUnavailable(f"waiting for the sealer, `commonwatt chain seal`: {error}") from None
        return str(accounts[0])

    def _died(self, what: str, now: float) -> None:
        self._child = None
        self._back_off = self._back_off.failed(now - self._started)
        self._next_start = now + self._back_off.delay
        self._friends.forget()
        self._still = BEGINNING
        lines.warning(what, ran_s=round(now - self._started), again_in_s=self._back_off.delay)

    def _look(self, now: float) -> None:
        try:
            status = self._engine.status()
            self._answered = now
            self._publish(self._state(status))
            self._friends.meet(now)
            self._go_on(status, now)
        except ChainError as error:
            if self._answered > self._started:
                self._say_once(str(error))

    def _go_on(self, status: NodeStatus, now: float) -> None:
        """Have a chain that stands still go on, once the sealer that it waited for is there.

        Geth also stops sealing while it follows a fork, and does not always begin again by itself.
        """
        self._still = self._still.seen(status.height, now)
        patience = Bounds.of(self._period, len(self._known_signers)).stall
        if self._node.sealer is None or status.syncing or not self._still.lasts(patience, now):
            return
        self._sealer()
        self._engine.seal_anew()
        lines.info("the head stood still: sealing begins anew", height=status.height, sealed=status.sealing)
        self._still = self._still.tried(now)

    def _state(self, status: NodeStatus) -> Mapping[str, object]:
        try:
            self._known_signers = self._signers.step(status.height) or self._known_signers
            self._assess(status)
        except ChainError as error:
            self._say_once(f"the signers cannot be counted now: {error}")
        now = self._clock()
        self._watch = observe(self._watch, Head(number=status.height, timestamp=status.head_time), now)
        advanced = self._watch.advanced
        return {
            "height": status.height,
            "head_time": status.head_time,
            "peers": status.peers,
            "signers": sorted(self._known_signers),
            "silent": sorted(self._health.silent) if self._health else [],
            "missed": self._health.missed if self._health else 0,
            "sealing": status.sealing,
            "syncing": status.syncing,
            "geth": self.version,
            "still": None if advanced is None else round(now - advanced, 1),
            "replaced": self._replaced,
            "replaced_at": self._replaced_at,
            **self._room.look(status.head_time),
        }

    def _assess(self, status: NodeStatus) -> None:
        """Look at the last blocks, whenever there is a new one."""
        if self._health and self._health.height == status.height:
            return
        window = ROUNDS * max(len(self._known_signers), 1)
        headers = self._engine.headers(max(status.height - window + 1, 0), status.height)
        self._compare(headers)
        before = self._health.silent if self._health else frozenset()
        self._health = assess(headers, self._known_signers, status.peers, time.time())
        for signer in self._health.silent - before:
            lines.warning("a signer is silent", signer=signer, blocks=self._health.blocks)
        for signer in before - self._health.silent:
            lines.info("a signer seals again", signer=signer)

    def _compare(self, headers: Sequence[Header]) -> None:
        """See whether the chain is still the one that it was."""
        blocks = replaced(self._last, headers)
        self._last = hashes(headers)
        if too_deep(blocks, len(self._known_signers)):
            self._replaced, self._replaced_at = blocks, headers[-1].timestamp
            lines.warning("blocks that counted were replaced", blocks=blocks, head=headers[-1].number)

    def _say_once(self, what: str) -> None:
        """Log what lasts only when it begins."""
        if what != self._said:
            self._said = what
            lines.warning(what)


class Meets(Protocol):
    """What Friends needs of an Engine."""

    def befriend(self, enode: str) -> None:
        """Connect to a node."""
        ...

    def unfriend(self, enode: str) -> None:
        """Part with a node."""
        ...


class Friends:
    """The nodes that ours connects to: those configured, and those in the registry."""

    def __init__(self, engine: Meets, ours: str, configured: Iterable[str], registry: Peers | None) -> None:
        self._engine = engine
        self._ours = identity(ours)
        self._configured = {identity(each) for each in configured}
        self._registry = registry
        self._met: dict[str, str] = {}
        self._next = 0.0

    def forget(self) -> None:
        """The node was started anew: it knows the configured ones only."""
        self._met.clear()
        self._next = 0.0

    def meet(self, now: float) -> None:
        """Connect to whom the registry lists, and part with whom it lists no more."""
        if self._registry is None or now < self._next:
            return
        self._next = now + PEERS_EVERY
        try:
            listed = self._registry()
        except Exception as error:
            lines.warning("the registry cannot be read: peers stay as they are", reason=str(error))
            return
        wanted = {
            identity(each): each
            for each in listed
            if identity(each) != self._ours and identity(each) not in self._configured
        }
        for gone in [key for key, address in self._met.items() if wanted.get(key) != address]:
            self._engine.unfriend(self._met[gone])
            lines.info("peer left the registry", enode=self._met.pop(gone))
        for key in wanted.keys() - self._met.keys():
            self._engine.befriend(wanted[key])
            self._met[key] = wanted[key]
            lines.info("peer from the registry", enode=wanted[key])


def identity(address: str) -> str:
    """The part of an enode that names the node, whatever its address."""
    return address.removeprefix("enode://").partition("@")[0].lower()


def check_all(node: NodePlan) -> None:
    """Make sure that the node's addresses and data directory are free.

    Raises:
        NodeUnavailable: one is taken.
    """
    check_lock(node.data / "geth" / "LOCK", "chain.node.data")
    check_ports(
        {
            "chain.node.listen": node.listen,
            "chain.node.http": node.http,
            "chain.node.authrpc_port": f"127.0.0.1:{node.authrpc_port}",
        }
    )


def _wait_for_ports(node: NodePlan, stop: Stopping) -> None:
    end = time.monotonic() + TAKEN_PATIENCE
    while not stop.is_set():
        try:
            return check_all(node)
        except NodeUnavailable:
            if time.monotonic() >= end:
                raise
        stop.wait(0.1)
    return None


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
