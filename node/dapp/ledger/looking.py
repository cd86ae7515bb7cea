"""Where on the chain events and transactions are found.

Which blocks to look at, the index says (`node.dapp.chain_index`); those that it does not reach yet are looked
through, a window of them for each page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chain.blocks import Block, Log, Transaction, parse_block, parse_log
from contracts.manifest import Manifest
from node.dapp.chain_index import ChainIndex
from node.dapp.ledger.blocks import Node
from node.dapp.ledger.telling import without_echoes

WINDOW = 5_000
"""Blocks that one look for events spans: some tens of milliseconds on a Pi."""

ROUNDS = 8
"""Looks into the index for one page: an account may occur in many blocks without a line to show."""


class Looking:
    """Answers by asking the node. Threads may share it."""

    def __init__(self, node: Node, index: ChainIndex | None, manifest: Callable[[], Manifest | None]) -> None:
        self._node, self._index, self._manifest = node, index, manifest

    @property
    def reached(self) -> int:
        """The last block that the index knows; -1: there is none."""
        return -1 if self._index is None else self._index.reach().done

    def events(self, below: int, count: int, account: str | None) -> tuple[list[Log], int]:
        """Events at or below a height, newest first, more than `count` if there are; the lowest seen."""
        logs, first = self._found(below, count, account)
        logs = without_echoes(logs, self._manifest())
        return sorted(logs, key=lambda found: (found.block, found.index), reverse=True), first

    def transactions(
        self, below: int, count: int, account: str | None
    ) -> tuple[list[tuple[Block, Transaction]], int]:
        """The newest that the index knows at or below a height, and the lowest block that was seen.

        Args:
            below: height to look down from.
            count: some more, where a block has many: none is split between two pages.
            account: only those that it sent or was sent.
        """
        found: list[tuple[Block, Transaction]] = []
        bottom = min(below, self.reached) + 1
        for _ in range(ROUNDS):
            if self._index is None or bottom <= 0 or len(found) >= count:
                break
            numbers = (
                self._index.with_transactions(bottom - 1, count)
                if account is None
                else self._index.of(account, bottom - 1, count)
            )
            answers = self._node.batch([("eth_getBlockByNumber", (hex(n), True)) for n in numbers])
            bottom = numbers[-1] if len(numbers) == count else 0
            for block in (parse_block(answer) for answer in answers if answer is not None):
                if len(found) >= count:
                    bottom = block.number + 1
                    break
                found += [
                    (block, sent)
                    for sent in reversed(block.transactions)
                    if account is None or account.lower() in {(sent.to or "").lower(), sent.sender.lower()}
                ]
        return found, bottom

    def _found(self, below: int, count: int, account: str | None) -> tuple[list[Log], int]:
        reached = self.reached
        if below - reached >= WINDOW or self._index is None:
            first = max(below - WINDOW + 1, 0)
            return self._logs([(first, below)], account), first
        logs = self._logs([(reached + 1, below)], account) if reached < below else []
        bottom = min(below, reached) + 1
        for _ in range(ROUNDS):
            if bottom <= 0 or len(without_echoes(logs, self._manifest())) > count:
                break
            at = bottom - 1
            numbers = (
                self._index.with_events(at, count) if account is None else self._index.of(account, at, count)
            )
            logs += self._logs([(number, number) for number in numbers], account)
            bottom = numbers[-1] if len(numbers) == count else 0
        return logs, bottom

    def _logs(self, spans: Iterable[tuple[int, int]], account: str | None) -> list[Log]:
        asked = [each for first, last in spans for each in self._criteria(first, last, account)]
        answers = self._node.batch([("eth_getLogs", (each,)) for each in asked])
        found = [parse_log(entry) for answer in answers for entry in answer or ()]
        return list({(entry.block, entry.index): entry for entry in found}.values())

    def _criteria(self, first: int, last: int, account: str | None) -> list[dict[str, object]]:
        criteria: dict[str, object] = {"fromBlock": hex(first), "toBlock": hex(last)}
        manifest = self._manifest()
        if manifest is not None:
            criteria["address"] = [address for address, _ in manifest.contracts()]
        if account is None:
            return [criteria]
        topic = "0x" + account.lower().removeprefix("0x").rjust(64, "0")
        return [{**criteria, "topics": [None] * place + [topic]} for place in (1, 2, 3)]
