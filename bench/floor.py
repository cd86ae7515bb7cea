"""The least time from a battery's limit crossed to the contact closed that any program could reach here.

A crossing waits for the next sample of the meter, the order for a block, the seller's relay for the blocks
on top that make the order count. When in a period a crossing falls is chance, so a floor is a distribution.
Two of them: by arithmetic (the next block takes the order), and by a bare transfer on the same chain in the
same run, which also knows that geth prepares a block before it is due and takes nothing more into it.
"""

from __future__ import annotations

import random
import threading
import time

from chain.client import ChainClient
from chain.confirmations import depth
from chain.errors import ChainError
from chain.keys import Account
from chain.transactions import Call, Fees, sign

STEPS = 100
"""Of a uniform distribution."""

LOOK = 0.01
"""Seconds between two looks at the chain."""

MIDDLES = [(step + 0.5) / STEPS for step in range(STEPS)]


def waits(sample: float, period: float, signers: int) -> list[float]:
    """By arithmetic: equally likely waits (s), rising.

    Args:
        sample: seconds between two samples of the meter.
        period: seconds between two blocks.
        signers: of the chain.
    """
    buried = depth(signers) * period
    return sorted(a * sample + b * period + buried for a in MIDDLES for b in MIDDLES)


def measured(sample: float, transfers: list[float]) -> list[float]:
    """By bare transfers: the same, from how long each took to be deep enough (s)."""
    return sorted(a * sample + transfer for a in MIDDLES for transfer in transfers)


def percentile(rising: list[float], percent: float) -> float:
    """The value that `percent` of a rising list do not exceed (nearest rank)."""
    rank = -(-len(rising) * percent // 100)
    return rising[max(int(rank) - 1, 0)]


class Transfers(threading.Thread):
    """Sends one bare transfer after another, at random moments, until the chain is gone."""

    def __init__(self, rpc: str, sender: Account, signers: int, period: float) -> None:
        """Send at the node `rpc`; the chain has so many signers and a block every `period` seconds."""
        super().__init__(daemon=True)
        self.took: list[float] = []
        """Seconds from sending to deep enough, as the node sees it."""
        self._client, self._sender = ChainClient(rpc), sender
        self._depth, self._period = depth(signers), period

    def run(self) -> None:
        """Until the chain does not answer any more."""
        try:
            chain = self._client.chain_id()
            for nonce in range(self._client.nonce(self._sender.address), 10**9):
                time.sleep(random.uniform(0, self._period))
                call = Call(to=self._sender.address, data=b"", gas=21_000)
                self._time(sign(self._sender, chain, nonce, call, Fees()).raw)
        except ChainError:
            return

    def _time(self, raw: bytes) -> None:
        began = time.monotonic()
        sent = self._client.send_raw(raw)
        while (receipt := self._client.receipt(sent)) is None:
            time.sleep(LOOK)
        while self._client.block_number() < receipt.block + self._depth:
            time.sleep(LOOK)
        self.took.append(time.monotonic() - began)
