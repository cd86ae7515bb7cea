"""The conversations of the vectors are what this code says, and leave out nothing that the protocol has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay_server import framing, messages
from relay_server.errors import BadFrame
from relay_server.messages import Code, Refused
from tests.relay_vectors import CONVERSATIONS, Scene, account, line

PAGE = (Path(__file__).parents[3] / "docs" / "relay-protocol.md").read_text()


def steps() -> Iterator[dict[str, Any]]:
    for conversation in CONVERSATIONS["conversations"]:
        yield from conversation["steps"]


def part(heading: str) -> str:
    """The document's text from one heading to the next of its level."""
    level = heading.split(maxsplit=1)[0]
    begin = PAGE.index(heading + "\n")
    return re.split(rf"^{level} ", PAGE[begin + len(heading) :], flags=re.M)[0]


@pytest.mark.parametrize("step", [*steps()], ids=lambda step: step["line"][:30])
def test_every_line_is_what_its_speaker_signs(step: dict[str, Any]) -> None:
    assert line(step, Scene()).decode() == step["line"]


@pytest.mark.parametrize(
    "step", [s for s in steps() if s["answer"].startswith('{"')], ids=lambda s: s["line"][:30]
)
def test_every_answer_is_read_and_written_as_it_stands(step: dict[str, Any]) -> None:
    try:
        asked = messages.parse_request(framing.decode(step["line"].encode()))
    except BadFrame:
        asked = messages.StateFrame()
    answer = messages.parse_answer(asked, framing.decode(step["answer"].encode()))
    assert framing.encode(messages.answer_fields(answer)).decode() == step["answer"] + "\n"
    assert isinstance(answer, Refused) is ('"ok":false' in step["answer"])


def test_accounts_are_those_of_their_keys() -> None:
    for name, told in CONVERSATIONS["accounts"].items():
        assert account(name).address == told["address"]


def test_every_code_is_in_the_document_and_in_a_conversation() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", part("### Refusals"), re.M))
    answers = (json.loads(step["answer"]) for step in steps() if step["answer"].startswith('{"'))
    assert {answer["code"] for answer in answers if not answer["ok"]} == told == set(Code)


def test_every_op_is_in_the_document_and_succeeds_in_a_conversation() -> None:
    told = set(re.findall(r"^### ([A-Z]+)$", part("## Requests and answers"), re.M))
    done = {json.loads(step["line"])["op"] for step in steps() if step["answer"].startswith('{"ok":true')}
    assert done == told == set(messages.REQUESTS)
