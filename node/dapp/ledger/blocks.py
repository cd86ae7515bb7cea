"""Blocks of the household's own node. Those deep enough to be final never change, so some stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from chain.blocks import Block, parse_block
from node.dapp.errors import NotFound
from node.dapp.language import gettext as _

KEPT = 256
"""Final blocks in memory, of about 3 kB each."""

DEEP = 16
"""Blocks on top of one that is final on any chain of ours."""


class Node(Protocol):
    """What the explorer asks a chain client: `chain.client.ChainClient` has it."""

    def block_number(self) -> int:
        """Height of the head."""
        ...

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls at once, their results as JSON."""
        ...

    def call(self, to: str, data: bytes, block: Any = "latest") -> bytes:
        """What a contract answers."""
        ...


class Blocks:
    """Blocks without their transactions. Threads may share them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._final: OrderedDict[int, Block] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, numbers: Iterable[int], head: int, depth: int = DEEP) -> list[Block]:
        """These blocks, by one request for those that are not remembered.

        Args:
            numbers: their heights.
            head: height of the chain, for which of them are final.
            depth: blocks on top that make one final.

        Raises:
            NotFound: one is above the head.
            ChainError: the node does not answer.
        """
        wanted = list(numbers)
        with self._lock:
            known = {number: self._final[number] for number in wanted if number in self._final}
        missing = [number for number in wanted if number not in known]
        answers = self._node.batch([("eth_getBlockByNumber", (hex(number), False)) for number in missing])
        for number, answer in zip(missing, answers, strict=True):
            if answer is None:
                raise NotFound(_("The chain has no block %(number)s yet.", number=number))
            known[number] = parse_block(answer)
        with self._lock:
            for number, block in known.items():
                if head - number >= depth:
                    self._final[number] = block
                    self._final.move_to_end(number)
            while len(self._final) > KEPT:
                self._final.popitem(last=False)
        return [known[number] for number in wanted]
