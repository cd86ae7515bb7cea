from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chain.client import BadAnswer, ChainClient, Reverted, RpcError, UnknownBlock


class Scripted(ChainClient):
    """A client whose node answers from a function, without a network."""

    def __init__(self, node: Callable[[str, list[Any]], Any]) -> None:
        self.now = 0.0
        super().__init__("http://127.0.0.1:1", sleep=self._sleep_for, clock=lambda: self.now)
        self.node = node
        self.requests: list[Any] = []

    def _sleep_for(self, seconds: float) -> None:
        self.now += seconds

    def _exchange(self, body: str) -> bytes:
        request = json.loads(body)
        self.requests.append(request)
        frames = request if isinstance(request, list) else [request]
        answers = [
            {"jsonrpc": "2.0", "id": frame["id"], **self.node(frame["method"], frame["params"])}
            for frame in frames
        ]
        return json.dumps(answers[::-1] if isinstance(request, list) else answers[0]).encode()


def answering(result: object) -> Scripted:
    return Scripted(lambda method, params: {"result": result})


def refusing(code: int, message: str, **more: object) -> Scripted:
    return Scripted(lambda method, params: {"error": {"code": code, "message": message, **more}})


def test_numbers_are_read() -> None:
    client = answering("0x1f")
    assert [client.chain_id(), client.block_number(), client.balance("0x00"), client.nonce("0x00")] == [
        31
    ] * 4


def test_a_batch_is_answered_in_order_though_the_node_does_not() -> None:
    client = Scripted(lambda method, params: {"result": params[0]})
    assert client.batch([("echo", (n,)) for n in range(250)]) == list(range(250))
    assert [len(request) for request in client.requests] == [100, 100, 50]


def test_an_empty_batch_asks_nothing() -> None:
    client = answering(None)
    assert client.batch([]) == []
    assert client.requests == []


def test_a_revert_carries_its_data() -> None:
    with pytest.raises(Reverted) as caught:
        refusing(3, "execution reverted", data="0x08c379a0").call("0x00", b"")
    assert caught.value.data == bytes.fromhex("08c379a0")


def test_a_revert_without_a_reason_is_one_too() -> None:
    with pytest.raises(Reverted) as caught:
        refusing(-32000, "execution reverted").call("0x00", b"")
    assert caught.value.data == b""


def test_an_error_carries_code_and_message() -> None:
    with pytest.raises(RpcError, match="nonce too low") as caught:
        refusing(-32000, "nonce too low").send_raw(b"\x02")
    assert caught.value.code == -32000


def test_a_node_that_is_indexing_is_asked_again() -> None:
    client = Scripted(lambda method, params: {})
    client.node = lambda method, params: (
        {"error": {"code": -32000, "message": "transaction indexing is in progress"}}
        if client.now < 1
        else {"result": None}
    )
    assert client.receipt("0x00") is None
    assert client.now == pytest.approx(1.0, abs=0.11)


def test_a_node_that_indexes_for_ever_is_told() -> None:
    client = refusing(-32000, "transaction indexing is in progress")
    with pytest.raises(RpcError, match="indexing"):
        client.receipt("0x00")
    assert client.now == pytest.approx(5.0, abs=0.11)


def test_a_missing_block_is_told() -> None:
    with pytest.raises(UnknownBlock, match="no block 7"):
        answering(None).block(7)
    with pytest.raises(UnknownBlock, match="no block 3"):
        answering(None).headers(3, 4)


def test_what_does_not_exist_is_none() -> None:
    assert answering(None).receipt("0x00") is None
    assert answering(None).transaction(b"\0" * 32) is None


@pytest.mark.parametrize("result", [None, 3, {}, []])
def test_nonsense_is_told(result: object) -> None:
    with pytest.raises(BadAnswer):
        answering(result).block_number()


@pytest.mark.parametrize("content", [b"<html>", b"", b"[]", b"7"])
def test_what_is_no_json_rpc_is_told(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    client = answering(None)
    monkeypatch.setattr(client, "_exchange", lambda body: content)
    with pytest.raises(BadAnswer, match="does not speak JSON-RPC"):
        client.block_number()


def test_topics_are_any_one_or_several() -> None:
    client = answering([])
    assert client.logs("0xab", [b"\1", None, [b"\2", b"\3"]], 5, "latest") == []
    assert client.requests[0]["params"] == [
        {
            "address": "0xab",
            "topics": ["0x01", None, ["0x02", "0x03"]],
            "fromBlock": "0x5",
            "toBlock": "latest",
        }
    ]


@pytest.mark.parametrize("answer", [7, None, "", "0xzz", "zz", [], {}])
def test_what_is_no_number_and_no_data_is_not_believed(answer: object) -> None:
    client = answering(answer)
    with pytest.raises(BadAnswer):
        client.nonce("0x00")
    with pytest.raises(BadAnswer):
        client.call("0x00", b"")
