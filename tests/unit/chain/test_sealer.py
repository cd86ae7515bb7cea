from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import rlp
from chain.blocks import Header
from chain.headers import signed_bytes
from chain.keys import keccak, recover
from chain.sealer import CLIQUE, REMEMBERED, Sealer
from tests.unit.chain.sealed import SIGNERS, first_block, next_block

OURS = SIGNERS[0]
BLOCK = next_block(first_block(SIGNERS[:3]), OURS)


def asked(sealer: Sealer, method: str, *params: object) -> dict[str, Any]:
    frame = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
    answer: dict[str, Any] = json.loads(sealer.answer(json.dumps(frame).encode()))
    assert answer["id"] == 7
    assert ("result" in answer) != ("error" in answer)
    return answer


def sealed(sealer: Sealer, content: bytes, kind: str = CLIQUE, address: str = OURS.address) -> dict[str, Any]:
    return asked(sealer, "account_signData", kind, address, "0x" + content.hex())


def test_it_tells_version_and_address() -> None:
    assert asked(Sealer(OURS), "account_version")["result"] == "6.1.0"
    assert asked(Sealer(OURS), "account_list")["result"] == [OURS.address]


def test_it_seals_a_clique_header() -> None:
    content = signed_bytes(BLOCK)
    signature = bytes.fromhex(sealed(Sealer(OURS), content)["result"][2:])
    assert recover(keccak(content), signature) == OURS.address


@pytest.mark.parametrize(
    "method",
    [
        "account_signTransaction",
        "account_signTypedData",
        "account_new",
        "eth_sign",
        "personal_sign",
        "",
        "nonsense",
    ],
)
def test_it_does_nothing_else(method: str) -> None:
    answer = asked(Sealer(OURS), method, OURS.address, "0x00")
    assert answer["error"]["code"] == -32601
    assert "Clique headers only" in answer["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "data/validator", "data/typed", ""])
def test_it_signs_no_other_kind_of_data(kind: str) -> None:
    assert "only" in sealed(Sealer(OURS), signed_bytes(BLOCK), kind=kind)["error"]["message"]


def test_it_signs_for_no_other_address() -> None:
    error = sealed(Sealer(OURS), signed_bytes(BLOCK), address=SIGNERS[1].address)["error"]
    assert "has no key" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(BLOCK, difficulty=3), "difficulty"),
        (replace(BLOCK, nonce=b"\1" * 8), "nonce"),
        (replace(BLOCK, mix_hash="0x" + "01" * 32), "mix digest"),
        (replace(BLOCK, sha3_uncles="0x" + "01" * 32), "uncles"),
        (replace(BLOCK, number=0), "height"),
        (replace(BLOCK, gas_used=BLOCK.gas_limit + 1), "gas"),
        (replace(BLOCK, extra_data=bytes(31 + 65)), "extra data"),
        (replace(BLOCK, extra_data=bytes(32 + 20 + 65)), "extra data"),
        (replace(BLOCK, number=30_000), "extra data"),
        (replace(BLOCK, state_root="0x01"), "32 bytes"),
    ],
)
def test_what_only_resembles_a_header_is_refused(wrong: Header, says: str) -> None:
    assert says in sealed(Sealer(OURS), signed_bytes(wrong))["error"]["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        rlp.encode([b""] * 9),  # a transaction's shape
        b"\x02" + rlp.encode([b""] * 12),
        rlp.encode([[]] * 15),
        b"\x19\x01" + bytes(64),  # EIP-712
    ],
)
def test_transactions_messages_and_vouchers_are_refused(content: bytes) -> None:
    assert "not a Clique header" in sealed(Sealer(OURS), content)["error"]["message"]


@given(st.binary(max_size=200))
def test_no_line_is_too_strange_to_be_answered(frame: bytes) -> None:
    answer = Sealer(OURS).answer(frame)
    assert answer.endswith(b"\n")
    assert "error" in json.loads(answer)


@pytest.mark.parametrize(
    "frame",
    [b"[]", b"null", b"1", b'{"method": 3}', b'{"method": "account_signData"}', b"[" * 9_000, b'{"id": [1]}',
     b'{"method": "account_signData", "params": {}}', b'{"method": "account_signData", "params": [1, 2, 3]}'],
)  # fmt: skip
def test_malformed_requests_get_an_error(frame: bytes) -> None:
    assert "error" in json.loads(Sealer(OURS).answer(frame))


def test_a_second_seal_at_a_height_is_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    sealer = Sealer(OURS)
    sealed(sealer, signed_bytes(BLOCK))
    sealed(sealer, signed_bytes(BLOCK))
    assert sealer.again == 0
    sealed(sealer, signed_bytes(replace(BLOCK, gas_used=1)))
    assert sealer.again == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("event=")[1].split(" height=")[0] for line in lines] == [
        "sealed turn=True",
        "sealed turn=True",
        '"sealed the same height again" times=1',
    ]


def test_a_vote_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    voting = next_block(first_block(SIGNERS[:3]), OURS, vote=(SIGNERS[3].address, True))
    sealed(Sealer(OURS), signed_bytes(voting))
    assert f"vote={SIGNERS[3].address} admits=True" in capsys.readouterr().err


def test_its_memory_is_bounded() -> None:
    sealer = Sealer(OURS)
    for height in range(1, REMEMBERED + 100):
        sealer._remember(height, b"")
    assert len(sealer.sealed) == REMEMBERED
