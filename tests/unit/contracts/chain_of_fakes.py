"""A chain for unit tests: contracts that answer what a test puts in, encoded by an independent codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain.blocks import Log

GENESIS = "0x" + "ab" * 32


@dataclass
class FakeChain:
    """Answers `call`s by selector and arguments; everything else from its fields."""

    id: int = 4711
    genesis: str = GENESIS
    height: int = 100
    codes: dict[str, bytes] = field(default_factory=dict)
    answers: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    wei: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    asked: list[tuple[str, bytes, int | str]] = field(default_factory=list)

    def answer(
        self, address: str, signature: str, given: list[Any], kinds: list[str], result: list[Any]
    ) -> None:
        """Let a view answer `result` when it is asked with the arguments `given`."""
        arguments = signature[signature.index("(") + 1 : -1]
        data = keccak(signature.encode())[:4] + encode(arguments.split(",") if arguments else [], given)
        self.answers[address, data] = encode(kinds, result)

    def call(self, to: str, data: bytes, block: int | Literal["latest"] = "latest") -> bytes:
        self.asked.append((to, data, block))
        return self.answers.get((to, data), b"")

    def nonce(self, address: str, block: int = 0) -> int:
        return self.sent

    def balance(self, address: str) -> int:
        return self.wei.get(address, 0)

    def logs(
        self, address: str, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> list[Log]:
        return []

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        assert {method for method, _ in calls} == {"eth_getCode"}
        return ["0x" + self.code(str(parameters[0])).hex() for _, parameters in calls]

    def chain_id(self) -> int:
        return self.id

    def genesis_hash(self) -> str:
        return self.genesis

    def block_number(self) -> int:
        return self.height

    def code(self, address: str, block: int | Literal["latest"] = "latest") -> bytes:
        return self.codes.get(address, b"")
