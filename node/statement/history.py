"""Reads the events of token and markets from a household's own chain node, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from chain.blocks import Header, Log
from chain.client import BlockTag
from contracts.codec import decode_log, interface
from contracts.manifest import Manifest
from node.statement.happened import NOBODY, Happened

SPAN = 50_000
"""Blocks in one question: half a second on a Pi, three days at a block in five seconds."""

TOLD = ("OrderFunded", "OrderRedeemed", "OrderReleased", "OrderReclaimed")

Progress = Callable[[int, int], None]
"""Told how many of how many blocks are read."""


class Node(Protocol):
    """What reading asks of a chain client: `chain.client.ChainClient` has it."""

    def logs(
        self,
        address: str | Sequence[str],
        topics: Sequence[bytes | Sequence[bytes] | None],
        first: BlockTag,
        last: BlockTag,
    ) -> list[Log]:
        """Events of contracts."""
        ...

    def numbered(self, numbers: Sequence[int]) -> list[Header]:
        """The headers of these blocks."""
        ...


def unheard(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


def history(
    node: Node,
    manifest: Manifest,
    last: int,
    account: str | None = None,
    *,
    first: int | None = None,
    progress: Progress = unheard,
) -> list[Happened]:
    """All that happened to tokens and orders up to a block, oldest first.

    Args:
        node: of the chain.
        manifest: names token and markets, those without orders included.
        last: block to read to; one that counts.
        account: only what concerns this account; None: everybody.
        first: block to read from; None: the first that can hold an event.
        progress: is told how far it is.

    Raises:
        ChainError: whatever the node raises.
        UndecodableData: a contract's event is not what its name says.
    """
    start = manifest.founded if first is None else first
    found: dict[tuple[int, int], Log] = {}
    for begin in range(start, last + 1, SPAN):
        end = min(begin + SPAN - 1, last)
        for address, topics in _questions(manifest, account):
            for log in node.logs(address, topics, begin, end):
                found[log.block, log.index] = log
        progress(end - start + 1, last - start + 1)
    return list(_dated(node, manifest, [found[place] for place in sorted(found)]))


def minted_and_burned(
    node: Node, manifest: Manifest, last: int, *, progress: Progress = unheard
) -> list[Happened]:
    """Every event that changed the supply, oldest first."""
    nobody = bytes(32)
    found: dict[tuple[int, int], Log] = {}
    for begin in range(manifest.founded, last + 1, SPAN):
        end = min(begin + SPAN - 1, last)
        for topics in ([_transfer(), nobody], [_transfer(), None, nobody]):
            for log in node.logs(manifest.token, topics, begin, end):
                found[log.block, log.index] = log
        progress(end - manifest.founded + 1, last - manifest.founded + 1)
    return list(_dated(node, manifest, [found[place] for place in sorted(found)]))


def treasurers(node: Node, manifest: Manifest, last: int) -> frozenset[str]:
    """Every account that was ever the token's minter: tokens are sent there for money."""
    [topic] = [t for t, entry in interface("EnergyToken").events.items() if entry.name == "MinterSet"]
    found = node.logs(manifest.token, [topic], manifest.founded, last)
    events = [decode_log(log.topics, log.data, "EnergyToken") for log in found]
    accounts = {str(event.fields["minter"]) for event in events if event is not None}
    return frozenset(accounts - {NOBODY})


def _questions(
    manifest: Manifest, account: str | None
) -> Iterator[tuple[str | list[str], list[bytes | Sequence[bytes] | None]]]:
    markets = list(manifest.markets())
    trades = [topic for topic, entry in interface("EnergyMarket").events.items() if entry.name in TOLD]
    if account is None:
        yield manifest.token, [_transfer()]
        yield markets, [trades]
        return
    who = bytes.fromhex(account[2:]).rjust(32, b"\0")
    for address, kind in ((manifest.token, [_transfer()]), (markets, trades)):
        # Transfer: from, to; orders: id, buyer, seller.
        before: list[bytes | Sequence[bytes] | None] = [kind] if address == manifest.token else [kind, None]
        yield address, [*before, who]
        yield address, [*before, None, who]


def _dated(node: Node, manifest: Manifest, logs: Iterable[Log]) -> Iterator[Happened]:
    listed = list(logs)
    numbers = sorted({log.block for log in listed})
    times = {header.number: header.timestamp for header in node.numbered(numbers)}
    for log in listed:
        contract = "EnergyToken" if log.address == manifest.token else "EnergyMarket"
        event = decode_log(log.topics, log.data, contract)
        if event is not None:
            yield Happened(
                block=log.block,
                index=log.index,
                at=times[log.block],
                transaction=log.transaction,
                address=log.address,
                name=event.name,
                fields=event.fields,
            )


def _transfer() -> bytes:
    events = interface("EnergyToken").events
    return next(topic for topic, entry in events.items() if entry.name == "Transfer")
