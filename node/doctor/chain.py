"""Does the household's node answer, follow the right chain, and keep up with it?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from chain import genesis
from chain.client import ChainClient
from chain.clique import Clique
from chain.errors import ChainError, NodeUnavailable, SettingRefused, Unreachable
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from store import snapshot

LATE_BLOCKS = 4
"""Periods without a block that happen by themselves, when a signer restarts."""

LEAST_LATE = 10.0
"""Seconds, for chains with a block every second."""

STALLED = 60.0
"""Seconds: Clique's own pauses after a reorganisation end within these."""


@dataclass(frozen=True)
class Head:
    """The newest block."""

    number: int
    age: float
    """Seconds, by this host's clock."""


def check(settings: Settings) -> Iterator[Finding]:
    """Ask the node, and look at what the chain process tells about it."""
    node = settings.chain.node
    if node:
        yield from program(settings)
    try:
        wanted = genesis.load(settings.chain.genesis)
    except SettingRefused as refusal:
        yield Failed(str(refusal), "get it from the neighbourhood's operator, or correct chain.genesis")
        return
    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    try:
        yield same_chain(client.chain_id(), wanted.chain_id, settings.chain.rpc)
        head = client.block("latest")
        yield judged(Head(head.number, time.time() - head.timestamp), wanted.period)
    except Unreachable:
        yield Failed(
            f"no node answers at {settings.chain.rpc}",
            "start it (commonwatt chain run, or systemctl start commonwatt-chain), or correct chain.rpc",
        )
        return
    except ChainError as error:
        yield Failed(f"{settings.chain.rpc}: {error}", "look at the log of the chain process")
        return
    if node:
        yield peers(snapshot.read(settings.paths.chain), len(wanted.signers))


def program(settings: Settings) -> Iterator[Finding]:
    """Whether geth is there, and of the version that runs this chain."""
    try:
        Clique(settings.chain.plan()).version()
    except (NodeUnavailable, SettingRefused) as refusal:
        yield Failed(
            str(refusal).partition(": build it")[0],
            "build it with `python -m chain.geth`, or correct chain.node.geth",
        )


def same_chain(found: int, wanted: int, rpc: str) -> Finding:
    """Whether the node follows the genesis file's chain."""
    if found == wanted:
        return Ok(f"{rpc} follows chain {found}")
    return Failed(
        f"the node at {rpc} follows chain {found}, the genesis file is of chain {wanted}",
        "correct chain.rpc or chain.genesis, or start this household's own node",
    )


def judged(head: Head, period: int) -> Finding:
    """Whether blocks come as they should."""
    what = f"block {head.number} is {max(head.age, 0):.0f} s old"
    if head.age <= max(LATE_BLOCKS * period, LEAST_LATE):
        return Ok(what)
    if head.age <= STALLED:
        return Warned(f"{what}, a block comes every {period} s", "wait a minute and look again")
    return Failed(
        f"{what}, a block comes every {period} s",
        "look whether the signers run (commonwatt chain status on theirs) and whether this node has peers",
    )


def peers(told: snapshot.Snapshot | None, signers: int) -> Finding:
    """Whether the node is connected, by the chain process's word."""
    if told is None:
        return Warned(
            "the chain process tells nothing about its node",
            "start it: commonwatt chain run; or wait a minute",
        )
    count = int(told.fields.get("peers") or 0)
    if count or (signers == 1 and told.fields.get("sealing")):
        return Ok(f"{count} peers, geth {told.fields.get('geth')}")
    return Failed(
        "the node has no peer",
        "look at chain.node.listen, chain.node.peers and the overlay network (ping a neighbour)",
    )
