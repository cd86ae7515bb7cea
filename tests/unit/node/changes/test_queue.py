"""The folder belongs to a process that may have been taken over: whatever lies in it harms nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from node.changes import queue
from node.changes.places import FOLDER
from node.changes.request import LARGEST, Change, Request, author, dumps, loads, request
from store.errors import MalformedRequest

BASE = "ab" * 32
ASKED = request(by="home", base=BASE, changes=(Change(("trading", "limit"), "25 %"), Change(("a", 0), None)))


def test_what_is_put_there_is_found_whole_and_in_order(tmp_path: Path) -> None:
    later = request(by="home", base=BASE, text="# é\n")
    for asked in (later, ASKED):
        queue.put(tmp_path, asked)
    assert queue.waiting(tmp_path) == [ASKED, later]
    queue.settle(tmp_path, ASKED.id)
    assert queue.waiting(tmp_path) == [later]


def test_where_nothing_was_ever_asked_nothing_waits(tmp_path: Path) -> None:
    assert queue.waiting(tmp_path) == []
    queue.settle(tmp_path, ASKED.id)
    queue.nudge(tmp_path)


def test_links_pipes_folders_and_other_names_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (tmp_path / "elsewhere").write_bytes(dumps(ASKED))
    (folder / ASKED.id).symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / ("1" * 32))
    (folder / ("2" * 32)).mkdir()
    (folder / ("3" * 32)).write_bytes(dumps(ASKED))
    (folder / f".{ASKED.id}.12").write_bytes(dumps(ASKED))
    (folder / ("4" * 32)).write_bytes(b"x" * (LARGEST + 5))
    assert queue.waiting(tmp_path) == []


def test_a_flood_is_looked_at_in_parts(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    for number in range(queue.AT_ONCE + 20):
        asked = request(by="home", base=BASE, text="", id=f"{number:032x}")
        (folder / asked.id).write_bytes(dumps(asked))
    assert len(queue.waiting(tmp_path)) == queue.AT_ONCE


GIVEN = json.loads(dumps(ASKED))

WRONG: tuple[dict[str, Any], ...] = (
    {"id": "../../etc/passwd"},
    {"base": "x"},
    {"by": 1},
    {"at": True},
    {"at": -1},
    {"at": float("nan")},
    {"boottime": "0"},
    {"boot": "x" * 65},
    {"changes": []},
    {"text": "both"},
    {"undo": "x", "changes": []},
    {"text": 1, "changes": []},
    {"more": 1},
    {"changes": [["trading", "25 %"]]},
    {"changes": [[[], "25 %"]]},
    {"changes": [[["a"], "x" * 4_097]]},
    {"changes": [[["a"], 1]]},
    {"changes": [[["x" * 65], "1"]]},
    {"changes": [[[None], "1"]]},
    {"changes": [[["a"], "1"]] * 201},
    {"changes": [[["a"] * 17, "1"]]},
)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        *(json.dumps({**GIVEN, **wrong}).encode() for wrong in WRONG),
    ],
)
def test_what_is_no_request_is_none(given: bytes) -> None:
    with pytest.raises(MalformedRequest):
        loads(given)


@pytest.mark.parametrize(("by", "shown"), [("home", "home"), ("<b>\n", "somebody"), ("", "somebody")])
def test_a_name_that_is_none_is_not_shown(by: str, shown: str) -> None:
    assert author(Request(**{**vars(ASKED), "by": by})) == shown
