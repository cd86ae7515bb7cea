"""A chain of one account in memory, as the wallet asks it: a pool, blocks that the test makes and unmakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chain import rlp
from chain.errors import Reverted, RpcError, Unreachable
from chain.keys import checksum, keccak
from contracts.codec import interface
from node.wallet.chain_node import BlockTag

FIRST_HEAD = 10


@dataclass(frozen=True)
class Tx:
    hash: str
    sender: str
    to: str | None
    nonce: int
    value: int
    data: bytes
    gas: int
    max_fee: int
    max_priority_fee: int

    @property
    def cost(self) -> int:
        return self.gas * self.max_fee + self.value


@dataclass(frozen=True)
class Mined:
    block: int
    succeeded: bool
    gas_used: int = 1


@dataclass(frozen=True)
class Block:
    number: int
    transactions: list[Tx]


def never(tx: Tx) -> bool:
    return False


@dataclass
class FakeNode:
    """Takes each nonce once, asks for 10 % more to replace, knows the past: as real ones do."""

    address: str
    blocks: list[list[tuple[Tx, bool]]] = field(default_factory=lambda: [[] for _ in range(FIRST_HEAD + 1)])
    """By number: transactions, and whether they succeeded."""
    pool: dict[int, Tx] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    """Every hash that was ever handed in."""
    wealth: int = 10**18
    reverts: Callable[[Tx], bool] = never
    down: bool = False
    refuses: str = ""

    # --- what the wallet asks -------------------------------------------------------------------------------

    def nonce(self, address: str, block: BlockTag) -> int:
        self._up()
        if block == "pending":
            following = self.nonce(address, self.head)
            while following in self.pool:
                following += 1
            return following
        assert isinstance(block, int)
        return sum(len(each) for each in self.blocks[: block + 1])

    def balance(self, address: str, block: BlockTag) -> int:
        self._up()
        return self.wealth

    def send_raw(self, raw: bytes) -> str:
        self._up()
        if self.refuses:
            raise RpcError(-32000, self.refuses)
        tx = parsed(raw, self.address)
        self.seen.append(tx.hash)
        if tx.nonce < self.nonce(self.address, self.head):
            raise RpcError(-32000, f"nonce too low: next nonce {tx.nonce + 1}, tx nonce {tx.nonce}")
        if tx.gas < 21_000:
            raise RpcError(-32000, "intrinsic gas too low: gas 0, minimum needed 21000")
        if tx.cost + sum(other.cost for n, other in self.pool.items() if n != tx.nonce) > self.wealth:
            raise RpcError(-32000, "insufficient funds for gas * price + value: balance 0")
        waiting = self.pool.get(tx.nonce)
        if waiting is not None and waiting.hash == tx.hash:
            raise RpcError(-32000, "already known")
        if waiting is not None and not dearer(tx, waiting):
            raise RpcError(-32000, "replacement transaction underpriced")
        self.pool[tx.nonce] = tx
        return tx.hash

    def receipt(self, tx_hash: str) -> Mined | None:
        self._up()
        for number, block in enumerate(self.blocks):
            for tx, succeeded in block:
                if tx.hash == tx_hash:
                    return Mined(number, succeeded)
        return None

    def block(self, number: int, full: bool) -> Block:
        self._up()
        return Block(number, [tx for tx, _ in self.blocks[number]])

    def call(self, to: str, data: bytes, block: int, sender: str | None, value: int) -> bytes:
        self._up()
        error = interface("EnergyMarket").errors
        raise Reverted(next(selector for selector, entry in error.items() if entry.name == "OwnOffer"))

    # --- what the test does ---------------------------------------------------------------------------------

    @property
    def head(self) -> int:
        return len(self.blocks) - 1

    @property
    def used(self) -> list[Tx]:
        """Everything in the chain, in order."""
        return [tx for block in self.blocks for tx, _ in block]

    @property
    def done(self) -> list[Tx]:
        """Everything in the chain that succeeded."""
        return [tx for block in self.blocks for tx, succeeded in block if succeeded]

    def mine(self, blocks: int = 1) -> None:
        """Blocks with everything whose turn it is."""
        for _ in range(blocks):
            block: list[tuple[Tx, bool]] = []
            following = self.nonce_in_chain()
            while following in self.pool:
                tx = self.pool.pop(following)
                block.append((tx, not self.reverts(tx)))
                following += 1
            self.blocks.append(block)

    def pause(self, blocks: int = 1) -> None:
        """Blocks without anything of ours."""
        self.blocks += [[] for _ in range(blocks)]

    def nonce_in_chain(self) -> int:
        return len(self.used)

    def forget(self) -> None:
        """The node lost its pool."""
        self.pool.clear()

    def reorganise(self, depth: int, remembers: bool, again: int | None = None) -> None:
        """The last blocks give way to empty ones; their transactions wait again, or are lost."""
        depth = min(depth, self.head)
        for block in reversed(self.blocks[-depth:]):
            for tx, _ in block if remembers else ():
                self.pool.setdefault(tx.nonce, tx)
        del self.blocks[-depth:]
        self.pause(depth if again is None else again)

    def another_program_sends(self, tip: int = 10**12) -> Tx:
        """At the next nonce of the chain, whatever waits there."""
        nonce = self.nonce_in_chain()
        tx = Tx(f"0x{nonce:064x}", self.address, "0x" + "ee" * 20, nonce, 0, b"", 21_000, tip, tip)
        self.pool[nonce] = tx
        return tx

    def _up(self) -> None:
        if self.down:
            raise Unreachable("no chain node answers")


def dearer(tx: Tx, other: Tx) -> bool:
    both = (tx.max_fee, other.max_fee), (tx.max_priority_fee, other.max_priority_fee)
    return all(mine * 10 >= theirs * 11 for mine, theirs in both)


def parsed(raw: bytes, sender: str) -> Tx:
    fields = rlp.decode(raw[1:])
    assert isinstance(fields, list)
    numbers = [rlp.number(fields[n]) for n in (1, 2, 3, 4, 6)]
    to, data = fields[5], fields[7]
    assert isinstance(to, bytes)
    assert isinstance(data, bytes)
    nonce, tip, maximum, gas, value = numbers
    return Tx(
        f"0x{keccak(raw).hex()}", sender, checksum(to) if to else None, nonce, value, data, gas, maximum, tip
    )
