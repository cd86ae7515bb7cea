"""Blocks, transactions, receipts and logs as the node tells them, as frozen types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.errors import BadAnswer
from chain.keys import checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a block's hash is made of."""

    number: int
    hash: str
    parent_hash: str
    sha3_uncles: str
    miner: str
    state_root: str
    transactions_root: str
    receipts_root: str
    logs_bloom: bytes
    difficulty: int
    gas_limit: int
    gas_used: int
    timestamp: int
    """Unix seconds."""
    extra_data: bytes
    mix_hash: str
    nonce: bytes
    base_fee: int | None
    """Wei for each unit of gas; None before London."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction, mined or (block None) waiting."""

    hash: str
    sender: str
    to: str | None
    """None: it makes a contract."""
    nonce: int
    value: int
    gas: int
    data: bytes
    type: int
    max_fee: int
    """Wei for each unit of gas; the gas price of an old-style transaction."""
    max_priority_fee: int
    block: int | None
    block_hash: str | None
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Header):
    """A block: its header, and its transactions by hash or in full."""

    transaction_hashes: tuple[str, ...]
    transactions: tuple[Transaction, ...]
    """Only where the full block was asked for."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An event of a contract."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: str
    transaction: str
    index: int
    """Within the block."""
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a mined transaction did."""

    transaction: str
    sender: str
    to: str | None
    contract: str | None
    """The address of the contract that it made."""
    block: int
    block_hash: str
    index: int
    succeeded: bool
    gas_used: int
    gas_price: int
    """Wei that each unit of gas cost in the end."""
    logs: tuple[Log, ...]


def parse_block(given: Any) -> Block:
    """Read the answer of eth_getBlockByNumber."""
    try:
        header = _header(given)
        listed = given["transactions"]
        full = [parse_transaction(each) for each in listed if not isinstance(each, str)]
        return Block(
            **header,
            transaction_hashes=tuple(e if isinstance(e, str) else e["hash"] for e in listed),
            transactions=tuple(full),
            size=_int(given["size"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"not a block: {error!r}") from None


def parse_header(given: Any) -> Header:
    """Read one of the headers that the node tells of (a block's answer serves as well)."""
    try:
        return Header(**_header(given))
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"not a header: {error!r}") from None


def parse_transaction(given: Any) -> Transaction:
    """Read the answer of eth_getTransactionByHash."""
    try:
        price = _int(given["gasPrice"])
        return Transaction(
            hash=given["hash"],
            sender=checksum(given["from"]),
            to=_address(given["to"]),
            nonce=_int(given["nonce"]),
            value=_int(given["value"]),
            gas=_int(given["gas"]),
            data=_bytes(given["input"]),
            type=_int(given["type"]),
            max_fee=_int(given.get("maxFeePerGas") or hex(price)),
            max_priority_fee=_int(given.get("maxPriorityFeePerGas") or hex(price)),
            block=_maybe_int(given["blockNumber"]),
            block_hash=given["blockHash"],
            index=_maybe_int(given["transactionIndex"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"not a transaction: {error!r}") from None


def parse_receipt(given: Any) -> Receipt:
    """Read the answer of eth_getTransactionReceipt."""
    try:
        return Receipt(
            transaction=given["transactionHash"],
            sender=checksum(given["from"]),
            to=_address(given["to"]),
            contract=_address(given["contractAddress"]),
            block=_int(given["blockNumber"]),
            block_hash=given["blockHash"],
            index=_int(given["transactionIndex"]),
            succeeded=_int(given["status"]) == 1,
            gas_used=_int(given["gasUsed"]),
            gas_price=_int(given["effectiveGasPrice"]),
            logs=tuple(parse_log(each) for each in given["logs"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"not a receipt: {error!r}") from None


def parse_log(given: Any) -> Log:
    """Read one of the answers of eth_getLogs."""
    try:
        return Log(
            address=checksum(given["address"]),
            topics=tuple(_bytes(topic) for topic in given["topics"]),
            data=_bytes(given["data"]),
            block=_int(given["blockNumber"]),
            block_hash=given["blockHash"],
            transaction=given["transactionHash"],
            index=_int(given["logIndex"]),
            removed=bool(given.get("removed", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"not a log: {error!r}") from None


def _header(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": _int(given["number"]),
        "hash": given["hash"],
        "parent_hash": given["parentHash"],
        "sha3_uncles": given["sha3Uncles"],
        "miner": checksum(given["miner"]),
        "state_root": given["stateRoot"],
        "transactions_root": given["transactionsRoot"],
        "receipts_root": given["receiptsRoot"],
        "logs_bloom": _bytes(given["logsBloom"]),
        "difficulty": _int(given["difficulty"]),
        "gas_limit": _int(given["gasLimit"]),
        "gas_used": _int(given["gasUsed"]),
        "timestamp": _int(given["timestamp"]),
        "extra_data": _bytes(given["extraData"]),
        "mix_hash": given["mixHash"],
        "nonce": _bytes(given["nonce"]),
        "base_fee": _maybe_int(given.get("baseFeePerGas")),
    }


def _int(text: str) -> int:
    return int(text, 16)


def _maybe_int(text: str | None) -> int | None:
    return None if text is None else int(text, 16)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _address(text: str | None) -> str | None:
    return None if text is None else checksum(text)
