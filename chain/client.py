"""A thin, thread-safe JSON-RPC client of the household's own node: what the daemons read from the chain.

Every method answers or raises one of: Unreachable (no node answers), RpcError (the node says no), Reverted (a
contract says no), UnknownBlock, BadAnswer. Addresses and hashes are text with 0x, contents are bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import urllib3

from chain.blocks import (
    Block,
    Header,
    Log,
    Receipt,
    Transaction,
    parse_block,
    parse_header,
    parse_log,
    parse_receipt,
    parse_transaction,
)
from chain.errors import BadAnswer, ChainError, Reverted, RpcError, UnknownBlock, Unreachable

__all__ = [
    "BadAnswer",
    "Block",
    "ChainClient",
    "ChainError",
    "Header",
    "Log",
    "Receipt",
    "Reverted",
    "RpcError",
    "Transaction",
    "UnknownBlock",
    "Unreachable",
]

BlockTag = int | Literal["latest", "pending", "earliest"]
Call = tuple[str, Sequence[object]]
"""A method and its parameters."""

INDEXING = "indexing is in progress"
"""Geth answers so for a second after its start, before it can tell a receipt."""

INDEXING_PATIENCE = 5.0
"""Seconds."""

BATCH = 100
"""Calls in one request; geth refuses more than 1,000, and 25 MB of answers."""


class ChainClient:
    """The node at an HTTP address."""

    def __init__(
        self,
        url: str,
        timeout: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connects at the first call, and again after each restart of the node.

        Args:
            url: of the node's HTTP-RPC, as `http://127.0.0.1:8545`.
            timeout: seconds for one request.
            sleep: how to wait while the node is indexing.
            clock: monotonic seconds.
        """
        self.url = url
        self._pool = urllib3.connectionpool.connection_from_url(
            url,
            maxsize=4,
            retries=False,
            timeout=urllib3.Timeout(timeout),
            headers={"Content-Type": "application/json"},
        )
        self._path = urllib3.util.parse_url(url).request_uri
        self._sleep = sleep
        self._clock = clock

    def chain_id(self) -> int:
        """The chain id that transactions and messages are signed for."""
        return _number(self.request("eth_chainId"))

    def genesis_hash(self) -> str:
        """The hash of block 0: which chain this is."""
        return self.block(0).hash

    def block_number(self) -> int:
        """The height of the node's head."""
        return _number(self.request("eth_blockNumber"))

    def block(self, number: BlockTag, full: bool = False) -> Block:
        """A block, with its transactions in full or by hash only.

        Raises:
            UnknownBlock: the node does not have it (yet).
        """
        answer = self.request("eth_getBlockByNumber", _block(number), full)
        if answer is None:
            raise UnknownBlock(f"{self.url} has no block {number}")
        return parse_block(answer)

    def headers(self, first: int, last: int) -> list[Header]:
        """The headers of consecutive blocks, `last` included, by batches."""
        return self.numbered(range(first, last + 1))

    def numbered(self, numbers: Sequence[int]) -> list[Header]:
        """The headers of these blocks, by batches."""
        answers = self.batch([("eth_getBlockByNumber", (hex(n), False)) for n in numbers])
        if None in answers:
            raise UnknownBlock(f"{self.url} has no block {numbers[answers.index(None)]}")
        return [parse_header(answer) for answer in answers]

    def call(
        self, to: str, data: bytes, block: BlockTag = "latest", sender: str | None = None, value: int = 0
    ) -> bytes:
        """What a contract answers, in the state after a block.

        Raises:
            Reverted: the contract refuses.
        """
        return _data(self.request("eth_call", _message(to, data, sender, value), _block(block)))

    def calls(self, calls: Sequence[tuple[str, bytes]], block: BlockTag = "latest") -> list[bytes]:
        """Several calls (address, data) in one request."""
        return [
            _data(answer)
            for answer in self.batch(
                [("eth_call", (_message(to, data, None, 0), _block(block))) for to, data in calls]
            )
        ]

    def estimate_gas(self, to: str | None, data: bytes, sender: str, value: int = 0) -> int:
        """The gas that a transaction would need.

        Raises:
            Reverted: the contract refuses it.
        """
        return _number(self.request("eth_estimateGas", _message(to, data, sender, value)))

    def code(self, address: str, block: BlockTag = "latest") -> bytes:
        """A contract's code; nothing where no contract is."""
        return _data(self.request("eth_getCode", address, _block(block)))

    def logs(
        self,
        address: str | Sequence[str],
        topics: Sequence[bytes | Sequence[bytes] | None],
        first: BlockTag,
        last: BlockTag,
    ) -> list[Log]:
        """The events of one contract or several, from block `first` to `last`, both included.

        Args:
            address: of the contract, or of several.
            topics: for each position one topic, several to choose from, or None for any.
            first: block.
            last: block.
        """
        wanted: list[object] = [_topic(topic) for topic in topics]
        criteria = {
            "address": address if isinstance(address, str) else list(address),
            "topics": wanted,
            "fromBlock": _block(first),
            "toBlock": _block(last),
        }
        return [parse_log(each) for each in self.request("eth_getLogs", criteria) or ()]

    def balance(self, address: str, block: BlockTag = "latest") -> int:
        """Wei: what an account can pay gas with."""
        return _number(self.request("eth_getBalance", address, _block(block)))

    def nonce(self, address: str, block: BlockTag = "latest") -> int:
        """The number of transactions that an account has sent; "pending" counts the waiting ones too."""
        return _number(self.request("eth_getTransactionCount", address, _block(block)))

    def receipt(self, tx_hash: str | bytes) -> Receipt | None:
        """What a transaction did; None while it is not mined."""
        answer = self.request("eth_getTransactionReceipt", _hash(tx_hash))
        return None if answer is None else parse_receipt(answer)

    def transaction(self, tx_hash: str | bytes) -> Transaction | None:
        """A transaction, mined or waiting; None if the node does not know it."""
        answer = self.request("eth_getTransactionByHash", _hash(tx_hash))
        return None if answer is None else parse_transaction(answer)

    def send_raw(self, raw: bytes) -> str:
        """Hand in a signed transaction; its hash.

        Raises:
            RpcError: refused: "already known", "nonce too low", "insufficient funds …", …
        """
        return str(self.request("eth_sendRawTransaction", "0x" + raw.hex()))

    def request(self, method: str, *parameters: object) -> Any:
        """Any one call: its result as JSON."""
        return self.batch([(method, parameters)])[0]

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Several calls, few requests: their results as JSON, in order.

        Raises:
            RpcError: the first error among the answers.
        """
        results: list[Any] = []
        for start in range(0, len(calls), BATCH):
            results += self._once_indexed(calls[start : start + BATCH])
        return results

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _once_indexed(self, calls: Sequence[Call]) -> list[Any]:
        patience = self._clock() + INDEXING_PATIENCE
        while True:
            try:
                return self._post(calls)
            except RpcError as error:
                if INDEXING not in error.message or self._clock() >= patience:
                    raise
                self._sleep(0.1)

    def _post(self, calls: Sequence[Call]) -> list[Any]:
        frames = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": list(parameters)}
            for n, (method, parameters) in enumerate(calls)
        ]
        answer = _parsed(self._exchange(json.dumps(frames if len(frames) > 1 else frames[0])), self.url)
        answers = answer if isinstance(answer, list) else [answer]
        by_id = {each.get("id"): each for each in answers if isinstance(each, dict)}
        refused = answers[0] if answers else None  # A batch as a whole is refused with one error without id.
        return [_result(by_id.get(n, refused), self.url) for n in range(len(frames))]

    def _exchange(self, body: str) -> bytes:
        """One HTTP request, tried twice: an idle connection may have died with the node's last restart."""
        for attempt in (1, 2):
            try:
                response = self._pool.urlopen("POST", self._path, body=body.encode())
            except urllib3.exceptions.ProtocolError as error:
                if attempt == 2:
                    raise Unreachable(f"the chain node at {self.url} hung up: {error}") from None
            except urllib3.exceptions.HTTPError as error:
                raise Unreachable(
                    f"no chain node answers at {self.url} ({type(error).__name__}): "
                    "is `commonwatt chain run` running?"
                ) from None
            else:
                return _content(response.status, response.data, self.url)
        raise AssertionError("unreachable")  # pragma: no cover


def _content(status: int, data: bytes, url: str) -> bytes:
    if status != 200:
        raise Unreachable(f"what answers at {url} is no chain node: HTTP status {status}")
    return data


def _parsed(content: bytes, url: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise BadAnswer(f"what answers at {url} does not speak JSON-RPC") from None


def _result(answer: Any, url: str) -> Any:
    if not isinstance(answer, dict):
        raise BadAnswer(f"what answers at {url} does not speak JSON-RPC")
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise BadAnswer(f"{url} answered neither result nor error")
        return answer["result"]
    code, message, data = error.get("code", 0), error.get("message", "no message"), error.get("data")
    if code == 3 or message.startswith("execution reverted"):
        raise Reverted(_data(data) if isinstance(data, str) else b"", message, code)
    raise RpcError(code, message)


def _number(answer: Any) -> int:
    try:
        return int(answer, 16)
    except (TypeError, ValueError):
        raise BadAnswer(f"{answer!r} is not a number") from None


def _data(answer: Any) -> bytes:
    try:
        if answer.startswith("0x"):
            return bytes.fromhex(answer[2:])
    except (AttributeError, ValueError):
        pass
    raise BadAnswer(f"{answer!r} is not data")


def _block(number: BlockTag) -> str:
    return number if isinstance(number, str) else hex(number)


def _hash(given: str | bytes) -> str:
    return given if isinstance(given, str) else "0x" + given.hex()


def _topic(topic: bytes | Sequence[bytes] | None) -> object:
    if topic is None:
        return None
    return "0x" + topic.hex() if isinstance(topic, bytes) else ["0x" + each.hex() for each in topic]


def _message(to: str | None, data: bytes, sender: str | None, value: int) -> dict[str, str]:
    message = {"data": "0x" + data.hex(), "value": hex(value)}
    if to is not None:
        message["to"] = to
    if sender is not None:
        message["from"] = sender
    return message
