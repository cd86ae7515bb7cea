"""The bytes that any client of the relay has to make and to understand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chain.keys import Account
from contracts.messages import frame_digest, voucher_digest
from relay_server import framing, messages, signing
from relay_server.errors import BadFrame
from relay_server.messages import Op, SwitchFrame

VECTORS = Path(__file__).parents[2] / "vectors" / "relay"
FRAMES: dict[str, Any] = json.loads((VECTORS / "frames.json").read_text())
SIGNED: dict[str, Any] = json.loads((VECTORS / "signatures.json").read_text())


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("vector", FRAMES["requests"], ids=lambda v: v["as"]["op"])
def test_requests_are_read_and_written_as_the_vectors_say(vector: dict[str, Any]) -> None:
    request = messages.parse_request(framing.decode(vector["line"].encode()))
    assert messages.request_fields(request) == vector["as"]
    assert framing.encode(messages.request_fields(request)) == vector["line"].encode() + b"\n"


@pytest.mark.parametrize("vector", FRAMES["refused"], ids=lambda v: v["line"][:30])
def test_what_the_vectors_refuse_is_refused(vector: dict[str, Any]) -> None:
    try:
        request = messages.parse_request(framing.decode(vector["line"].encode()))
    except BadFrame:
        assert vector["code"] == "BAD_FRAME"
    else:
        assert vector["code"] == "VERSION"
        assert isinstance(request, messages.HelloFrame)
        assert messages.VERSION not in request.versions


@pytest.mark.parametrize("vector", FRAMES["answers"], ids=lambda v: v["line"][:30])
def test_answers_are_read_and_written_as_the_vectors_say(vector: dict[str, Any]) -> None:
    answer = messages.parse_answer(
        messages.parse_request(vector["to"]), framing.decode(vector["line"].encode())
    )
    assert framing.encode(messages.answer_fields(answer)) == vector["line"].encode() + b"\n"


@pytest.mark.parametrize("vector", SIGNED["frames"], ids=lambda v: f"{v['op']}-{v['n']}")
def test_frames_are_signed_as_the_vectors_say(vector: dict[str, Any]) -> None:
    buyer = Account.of(data(SIGNED["private_key"]))
    session, order = data(SIGNED["session"]), data(vector["order"])
    digest = frame_digest(
        SIGNED["chainId"],
        SIGNED["relay"],
        session,
        vector["n"],
        vector["op"],
        order,
        vector["contact"],
        vector["energy"],
    )
    assert digest == data(vector["frame_digest"])
    voucher = b""
    if vector["voucher_digest"]:
        promised = voucher_digest(SIGNED["chainId"], SIGNED["market"], order, vector["energy"])
        assert promised == data(vector["voucher_digest"])
        voucher = buyer.sign(promised)
    bare = SwitchFrame(
        op=Op(vector["op"]),
        order=order,
        contact=vector["contact"],
        n=vector["n"],
        signature=b"",
        energy=vector["energy"],
        voucher=voucher,
    )
    frame = signing.signed(buyer, SIGNED["chainId"], SIGNED["relay"], session, bare)
    assert framing.encode(messages.request_fields(frame)) == vector["line"].encode() + b"\n"


@pytest.mark.parametrize("vector", SIGNED["frames"], ids=lambda v: f"{v['op']}-{v['n']}")
def test_the_signers_of_the_vectors_are_found(vector: dict[str, Any]) -> None:
    frame = messages.parse_request(framing.decode(vector["line"].encode()))
    assert isinstance(frame, SwitchFrame)
    session = data(SIGNED["session"])
    assert signing.signer(SIGNED["chainId"], SIGNED["relay"], session, frame) == SIGNED["account"]
    if frame.voucher:
        signer = signing.voucher_signer(SIGNED["chainId"], SIGNED["market"], frame)
        assert signer == SIGNED["account"]
    for other in (bytes(32), session[::-1][:31] + b"\x00"):
        assert signing.signer(SIGNED["chainId"], SIGNED["relay"], other, frame) != SIGNED["account"]
    assert signing.signer(SIGNED["chainId"] + 1, SIGNED["relay"], session, frame) != SIGNED["account"]


def test_a_frame_has_1024_bytes_at_most() -> None:
    exact = {"op": "STATE", "x": "y" * (1_024 - 1 - len('{"op":"STATE","x":""}'))}
    assert len(framing.encode(exact)) == 1_024
    with pytest.raises(BadFrame):
        framing.encode(exact | {"x": exact["x"] + "y"})


def test_the_longest_command_fits_a_frame() -> None:
    longest = SwitchFrame(
        op=Op.CLOSE,
        order=b"\xff" * 32,
        contact=2**32 - 1,
        n=2**64 - 1,
        signature=b"\xff" * 65,
        energy=2**64 - 1,
        voucher=b"\xff" * 65,
    )
    assert len(framing.encode(messages.request_fields(longest))) < 512
