"""A chain of one account in memory: what the sender asks for, and blocks that the test makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from chain import rlp
from chain.errors import RpcError, Unreachable
from chain.keys import keccak


@dataclass(frozen=True)
class Mined:
    block: int
    succeeded: bool = True


@dataclass
class FakeNode:
    """Takes each nonce once, as a real node does."""

    head: int = 10
    pool: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Nonce → hash and tip of the waiting transaction."""
    mined: dict[str, Mined] = field(default_factory=dict)
    used: dict[int, str] = field(default_factory=dict)
    """Nonce → hash, once in a block."""
    seen: list[str] = field(default_factory=list)
    """Every hash that was ever handed in."""
    down: bool = False
    refuses: str = ""

    def nonce(self, address: str, block: int) -> int:
        self._up()
        return sum(1 for tx in self.used.values() if self.mined[tx].block <= block)

    def send_raw(self, raw: bytes) -> str:
        self._up()
        if self.refuses:
            raise RpcError(-32000, self.refuses)
        fields = rlp.decode(raw[1:])
        assert isinstance(fields, list)
        nonce, tip = rlp.number(fields[1]), rlp.number(fields[2])
        tx = f"0x{keccak(raw).hex()}"
        self.seen.append(tx)
        if nonce in self.used:
            raise RpcError(-32000, "nonce too low: next nonce 1, tx nonce 0")
        waiting = self.pool.get(nonce)
        if waiting is not None and waiting[0] == tx:
            raise RpcError(-32000, "already known")
        if waiting is not None and tip * 10 < waiting[1] * 11:
            raise RpcError(-32000, "replacement transaction underpriced")
        self.pool[nonce] = (tx, tip)
        return tx

    def receipt(self, tx_hash: str) -> Mined | None:
        self._up()
        return self.mined.get(tx_hash)

    def mine(self, succeeded: bool = True) -> None:
        """A block with everything whose turn it is."""
        self.head += 1
        while (following := len(self.used)) in self.pool:
            tx, _ = self.pool.pop(following)
            self.used[following] = tx
            self.mined[tx] = Mined(self.head, succeeded)

    def forget(self) -> None:
        """The node lost its pool."""
        self.pool.clear()

    def _up(self) -> None:
        if self.down:
            raise Unreachable("no chain node answers")
