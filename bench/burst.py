"""Many transactions at once, and how fast a chain takes them: what each costs, and what stood in the way."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil

from chain.blocks import Block
from chain.client import ChainClient

ROOM = 3_500
"""Transactions that wait at most: geth keeps 5,120, and drops what comes beyond."""

AT_ONCE = 100
"""Transactions handed in by one request."""

CONNECTIONS = 2
LOOK = 0.05
"""Seconds between two looks at the chain."""

FULL = 0.9
"""Share of its gas limit from which on a block counts as full."""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """What came of many transactions sent at once."""

    count: int
    seconds: float
    """From handing in the first until the node has the block with the last."""

    gas: float
    """Of one of them, mean."""

    full: float
    """Share of the blocks between the first and the last that had no room for another."""

    processor: float
    """Processors that the node kept busy, mean."""

    @property
    def rate(self) -> float:
        """Transactions a second."""
        return self.count / self.seconds

    @property
    def limit(self) -> str:
        """What kept it from being faster, in words."""
        if self.full > 0.5:
            return "the blocks' gas"
        return f"node and block times ({self.processor:.1f} processors busy)"


def send(client: ChainClient, node: psutil.Process, raws: Sequence[bytes], what: str) -> Burst:
    """Hand in signed transactions as fast as the node takes them; wait until all are mined.

    Args:
        client: of the node.
        node: its process.
        raws: each account's in the order of their nonces.
        what: to show on a terminal.

    Raises:
        SystemExit: one of them failed.
    """
    first = client.block_number()
    used, began = _processor(node), time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        seen, handed, blocks = first, 0, list[Block]()
        while (mined := sum(len(block.transaction_hashes) for block in blocks)) < len(raws):
            while handed < len(raws) and handed - mined < ROOM:
                handed += _hand_in(pool, client, raws[handed : handed + AT_ONCE * CONNECTIONS])
            head = client.block_number()
            blocks += [client.block(number) for number in range(seen + 1, head + 1)]
            seen = head
            _show(f"{what}: {mined} of {len(raws)} mined")
            time.sleep(LOOK)
    seconds, used = time.monotonic() - began, _processor(node) - used
    _show("")
    filled = [block for block in blocks if block.transaction_hashes]
    _refuse_failures(client, filled, what)
    inner = filled[1:-1] or filled
    return Burst(
        count=len(raws),
        seconds=seconds,
        gas=sum(block.gas_used for block in filled) / len(raws),
        full=sum(block.gas_used > FULL * block.gas_limit for block in inner) / len(inner),
        processor=used / seconds,
    )


def _hand_in(pool: ThreadPoolExecutor, client: ChainClient, raws: Sequence[bytes]) -> int:
    """Hand in, on several connections; how many."""
    parts = [raws[start : start + AT_ONCE] for start in range(0, len(raws), AT_ONCE)]
    calls = [[("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in part] for part in parts]
    list(pool.map(client.batch, calls))
    return len(raws)


def _processor(node: psutil.Process) -> float:
    """Processor time that a process has used, s."""
    times = node.cpu_times()
    return float(times.user + times.system)


def _refuse_failures(client: ChainClient, blocks: Sequence[Block], what: str) -> None:
    """A rate of failures is no rate of trades."""
    hashes = [each for block in blocks for each in block.transaction_hashes]
    receipts = client.batch([("eth_getTransactionReceipt", (each,)) for each in hashes])
    failed = sum(receipt["status"] != "0x1" for receipt in receipts)
    if failed:
        raise SystemExit(f"{failed} of {len(hashes)} {what} failed on chain: nothing is measured by that")


def _show(text: str) -> None:
    """How far it is, on a terminal only."""
    terminal = sys.__stderr__  # whatever else is said to stderr meanwhile
    if terminal is not None and terminal.isatty():
        print(f"\r\033[K   {text}" if text else "\r\033[K", end="", file=terminal, flush=True)
