"""A chain of a few blocks in memory, which answers JSON-RPC as geth does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chain.errors import Unreachable
from contracts.abi import Struct, encode
from contracts.bindings.market import Market, OrderArgs
from contracts.bindings.token import Token
from contracts.codec import interface
from contracts.manifest import Manifest
from quantities import Energy, Price

ALDER, BIRCH = "0x" + "a1" * 20, "0x" + "b2" * 20
TOKEN, REGISTRY, MARKET = "0x" + "70" * 20, "0x" + "7e" * 20, "0x" + "3a" * 20
ORDER = b"\x0f" * 32
PRICE = Price.parse("0.25")
ARGS = OrderArgs(b"\x01" * 32, ALDER, 1, Energy(2_100), PRICE)
BOUGHT, REDEEMED, UNKNOWN = "0x" + "01" * 32, "0x" + "02" * 32, "0x" + "ff" * 32

NAMES = ("alder", "birch")
"""Of the registry's households."""

MANIFEST = Manifest(
    chain_id=7,
    genesis_hash="0x" + "00" * 32,
    block=1,
    token=TOKEN,
    registry=REGISTRY,
    current=MARKET,
    code_hashes=dict.fromkeys((TOKEN, REGISTRY, MARKET), "0x" + "00" * 32),
)


def event(
    address: str, contract: str, name: str, block: int, index: int, tx: str, **values: Any
) -> dict[str, Any]:
    """An event as eth_getLogs tells it."""
    entry = next(e for e in interface(contract).events.values() if e.name == name)
    parts: dict[bool, list[tuple[str, Any]]] = {True: [], False: []}
    for (field_name, kind), indexed in zip(entry.inputs.fields, entry.indexed, strict=True):
        parts[indexed].append((field_name, kind))
    data = encode(Struct(tuple(parts[False])), [values[n] for n, _ in parts[False]])
    topics = [encode(Struct((part,)), [values[part[0]]]) for part in parts[True]]
    return {
        "address": address,
        "topics": ["0x" + topic.hex() for topic in (entry.topic, *topics)],
        "data": "0x" + data.hex(),
        "blockNumber": hex(block),
        "blockHash": block_hash(block),
        "transactionHash": tx,
        "logIndex": hex(index),
        "removed": False,
    }


def block_hash(number: int) -> str:
    """Of the block of this number."""
    return f"0x{number + 1:064x}"


def trade_events() -> list[dict[str, Any]]:
    """Birch buys from Alder in block 5, who redeems in block 8."""
    cost, paid = ARGS.cost.value, PRICE.cost(Energy(1_840)).value
    funded = {"orderId": ORDER, "buyer": BIRCH, "seller": ALDER, "contact": 1, "energy": 2_100}
    redeemed = {"orderId": ORDER, "buyer": BIRCH, "seller": ALDER, "energy": 1_840, "paid": paid}
    return [
        event(TOKEN, "EnergyToken", "Approval", 5, 0, BOUGHT, owner=BIRCH, spender=MARKET, value=cost),
        event(
            MARKET,
            "EnergyMarket",
            "OrderFunded",
            5,
            1,
            BOUGHT,
            **funded,
            price=PRICE.value,
            cost=cost,
            supplyEnd=90,
        ),
        event(TOKEN, "EnergyToken", "Transfer", 5, 2, BOUGHT, **{"from": BIRCH, "to": MARKET, "value": cost}),
        event(MARKET, "EnergyMarket", "OrderRedeemed", 8, 0, REDEEMED, **redeemed, refunded=cost - paid),
    ]


@dataclass
class FakeNode:
    """Answers what the explorer asks; counts the blocks that it was asked for."""

    head: int = 12
    logs: list[dict[str, Any]] = field(default_factory=trade_events)
    silent: bool = False
    told: list[int] = field(default_factory=list)
    allowed: int = 0
    """What every spender may still take, in base units."""
    pending: list[str] = field(default_factory=list)
    """Transactions that wait for their block."""

    def block_number(self) -> int:
        if self.silent:
            raise Unreachable("no chain node answers at http://127.0.0.1:8545")
        return self.head

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        if self.silent:
            raise Unreachable("no chain node answers at http://127.0.0.1:8545")
        return [getattr(self, method)(*parameters) for method, parameters in calls]

    def call(self, to: str, data: bytes, block: Any = "latest") -> bytes:
        name = interface("NodeRegistry").functions.get(data[:4])
        if to.lower() == REGISTRY and name is not None and name.name == "households":
            people = [
                {"account": a, "name": n, "role": 2, "enode": "", "relay": "10.0.0.1:15555", "admitted": True}
                for a, n in zip((ALDER, BIRCH), NAMES, strict=True)
            ]
            return encode(name.outputs, [people])
        asked = interface("EnergyToken").functions[data[:4]]
        return encode(asked.outputs, [{"balanceOf": 93 * 10**18, "allowance": self.allowed}[asked.name]])

    def eth_getBlockByNumber(self, number: str, full: bool) -> dict[str, Any] | None:  # noqa: N802
        if number == "pending":
            waiting = [self._transaction(tx) for tx in self.pending]
            return {**self._block(self.head + 1, True), "transactions": waiting}
        self.told.append(int(number, 16))
        return self._block(int(number, 16), full) if int(number, 16) <= self.head else None

    def eth_getBlockByHash(self, wanted: str, full: bool) -> dict[str, Any] | None:  # noqa: N802
        found = [n for n in range(self.head + 1) if block_hash(n) == wanted]
        return self._block(found[0], full) if found else None

    def eth_getTransactionByHash(self, wanted: str) -> dict[str, Any] | None:  # noqa: N802
        return {BOUGHT: self._transaction(BOUGHT), REDEEMED: self._transaction(REDEEMED)}.get(wanted)

    def eth_getTransactionReceipt(self, wanted: str) -> dict[str, Any]:  # noqa: N802
        sent = self._transaction(wanted) if wanted in (BOUGHT, REDEEMED) else {}
        kept = ("from", "to", "blockNumber", "blockHash", "transactionIndex")
        return {
            **{key: sent.get(key) for key in kept},
            "transactionHash": wanted,
            "contractAddress": None,
            "status": "0x1",
            "gasUsed": "0x2a3e5",
            "effectiveGasPrice": "0x3b9aca07",
            "logs": [log for log in self.logs if log["transactionHash"] == wanted],
        }

    def eth_getLogs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        if "blockHash" in wanted:
            return [log for log in self.logs if log["blockHash"] == wanted["blockHash"]]
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        place, topic = len(wanted.get("topics", [])), (wanted.get("topics") or [None])[-1]
        return [
            log
            for log in self.logs
            if first <= int(log["blockNumber"], 16) <= last
            and (topic is None or log["topics"][place - 1 : place] == [topic])
        ]

    def eth_getBalance(self, *_: object) -> str:  # noqa: N802
        return hex(10**17)

    def eth_getTransactionCount(self, *_: object) -> str:  # noqa: N802
        return "0x3"

    def eth_getCode(self, *_: object) -> str:  # noqa: N802
        return "0x"

    def _block(self, number: int, full: bool) -> dict[str, Any]:
        sent = [tx for tx, at in ((BOUGHT, 5), (REDEEMED, 8)) if at == number]
        zero = "0x" + "00" * 32
        return {
            "number": hex(number),
            "hash": block_hash(number),
            "parentHash": block_hash(number - 1),
            "sha3Uncles": zero,
            "miner": "0x" + "00" * 20,
            "stateRoot": zero,
            "transactionsRoot": zero,
            "receiptsRoot": zero,
            "logsBloom": "0x" + "00" * 256,
            "difficulty": "0x2",
            "gasLimit": hex(30_000_000),
            "gasUsed": hex(173_029 * len(sent)),
            "timestamp": hex(1_000_000 + number),
            "extraData": "0x",
            "mixHash": zero,
            "nonce": "0x" + "00" * 8,
            "baseFeePerGas": "0x7",
            "size": "0x260",
            "transactions": [self._transaction(tx) for tx in sent] if full else sent,
        }

    def _transaction(self, tx: str) -> dict[str, Any]:
        if tx == BOUGHT:
            sender, to, at = BIRCH, TOKEN, 5
            data = Token.encode_approve_and_call(MARKET, ARGS.cost, ARGS)
        else:
            sender, to, at = ALDER, MARKET, 8
            data = Market.encode_redeem(ORDER, Energy(1_840), b"\x09" * 65)
        return {
            "hash": tx,
            "from": sender,
            "to": to,
            "nonce": "0x0",
            "value": "0x0",
            "gas": hex(600_000),
            "gasPrice": "0x3b9aca07",
            "input": "0x" + data.hex(),
            "type": "0x2",
            "blockNumber": hex(at),
            "blockHash": block_hash(at),
            "transactionIndex": "0x0",
        }
