"""The bytes on which board and Pi agree: both sides are held against the same table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pathboard.session import Session
from relay_server.drivers.esp32 import frames
from relay_server.drivers.esp32.frames import BadBoardFrame, No, Role, Status
from tests.unit.firmware.esp32.made import make_node

V: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "esp32" / "frames.json").read_text())
KEY, SESSION_KEY, NONCE = bytes.fromhex(V["key"]), bytes.fromhex(V["session_key"]), V["nonce"]


def board() -> Session:
    node = make_node(boot=V["boot"], keys={"switch": V["key"]})
    session = node.session(bytes.fromhex(V["random"]))
    assert node.answer(session, V["hello"]["request"].encode()).decode() == V["hello"]["answer"] + "\n"
    return session


def test_the_pi_greets_and_knows_the_board_as_the_vectors_say() -> None:
    assert frames.hello(Role.SWITCH, NONCE).decode() == V["hello"]["request"] + "\n"
    assert frames.session_key(KEY, Role.SWITCH, NONCE, V["hello"]["answer"].encode()) == SESSION_KEY


def test_a_board_without_the_key_is_no_board() -> None:
    for key, nonce in ((b"x" * 32, NONCE), (KEY, NONCE[::-1])):
        with pytest.raises(BadBoardFrame, match="does not know this key"):
            frames.session_key(key, Role.SWITCH, nonce, V["hello"]["answer"].encode())


def test_requests_are_written_and_read_as_the_vectors_say() -> None:
    session = board()
    for vector in V["requests"]:
        line = vector["line"].encode()
        assert frames.request(SESSION_KEY, vector["n"], vector["command"], vector["until"]) == line + b"\n"
        until = [] if vector["until"] is None else [str(vector["until"])]
        assert session.opened(line) == (vector["n"], [vector["command"], *until])


@pytest.mark.parametrize("vector", V["answers"], ids=lambda vector: vector["line"][:6])
def test_answers_are_written_and_read_as_the_vectors_say(vector: dict[str, Any]) -> None:
    number, _, text = vector["line"].rpartition(" ")[0].partition(" ")
    assert board().sealed(int(number), text).decode() == vector["line"] + "\n"
    answer = frames.answer(SESSION_KEY, vector["n"], vector["line"].encode())
    assert answer == (No(**vector["as"]) if "code" in vector["as"] else Status(**vector["as"]))


@pytest.mark.parametrize("vector", V["refused"], ids=lambda vector: vector["what"])
def test_what_the_vectors_refuse_is_refused(vector: dict[str, str]) -> None:
    node = make_node(boot=V["boot"], keys={"switch": V["key"]})
    session = node.session(bytes.fromhex(V["random"]))
    node.answer(session, V["hello"]["request"].encode())
    assert node.answer(session, vector["line"].encode()).decode() == f"ERR {vector['code']}\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"ERR SEAL", "ERR SEAL"),
        (b"1 NO LEASE " + b"0" * 64, "a wrong seal"),
        (V["answers"][0]["line"].encode(), "answers 2 where 1 was asked"),
        (b"", "a wrong seal"),
    ],
)
def test_what_is_no_sealed_answer_to_this_question_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(BadBoardFrame, match=why):
        frames.answer(SESSION_KEY, 1, line)
