"""What the pages ask of the buses: written whole, and read as strictly as it is not trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.sensors import asked
from node.sensors.asked import FORGOTTEN, What
from store.errors import MalformedRequest
from store.requests import dumps, new_id

INA219 = {"driver": "ina219", "address": "0x40"}


def test_a_request_is_read_as_it_was_written(tmp_path: Path) -> None:
    looked = asked.request(id=new_id(), by="ada", what=What.SCAN)
    tried = asked.request(id=new_id(), by="ada", what=What.TRY, options=INA219)
    for each in (looked, tried):
        assert asked.loads(dumps(each)) == each
        asked.put(tmp_path, each)
    assert asked.waiting(tmp_path) == [looked, tried]


@pytest.mark.parametrize(
    "change",
    [
        {"what": "switch"},
        {"what": "try", "options": {}},
        {"what": "try", "options": {"driver": "http", "url": "http://10.0.0.1"}},
        {"what": "try", "options": {"driver": "ina219", "address": 64}},
        {"what": "try", "options": ["ina219"]},
        {"what": "scan", "options": INA219},
        {"by": "a\nb"},
        {"more": 1},
    ],
)
def test_what_is_not_of_the_closed_set_is_no_request(change: dict[str, Any]) -> None:
    given = json.loads(dumps(asked.request(id=new_id(), by="ada", what=What.SCAN)))
    with pytest.raises(MalformedRequest):
        asked.loads(json.dumps({**given, **change}).encode())


def test_what_was_answered_or_is_long_ago_is_taken_away(tmp_path: Path) -> None:
    fresh = asked.request(id=new_id(), by="ada", what=What.SCAN)
    answered = replace(fresh, id=new_id())
    old = replace(fresh, id=new_id(), boottime=fresh.boottime - FORGOTTEN)
    elsewhen = replace(fresh, id=new_id(), boot="another")
    for each in (fresh, answered, old, elsewhen):
        asked.put(tmp_path, each)
    asked.tidy(tmp_path, [answered.id])
    assert asked.waiting(tmp_path) == [fresh]
