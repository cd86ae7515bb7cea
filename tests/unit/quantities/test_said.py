"""A sentence that keeps its pieces is an ordinary text to everybody else."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from quantities.said import Said, packed, unpacked

DAY = Said("there is no day %(day)s; %(what)s", day="'mo'", what=Said("write %(known)s", known="mon"))


def test_it_is_its_english_text() -> None:
    assert DAY == "there is no day 'mo'; write mon"
    assert Said("at 100 %") == "at 100 %"
    assert Said("at 100 %% or %(least)s", least=5) == "at 100 % or 5"


def test_it_keeps_its_message_and_values() -> None:
    assert DAY.message == "there is no day %(day)s; %(what)s"
    assert DAY.values["day"] == "'mo'"
    inside = DAY.values["what"]
    assert isinstance(inside, Said)
    assert inside.message == "write %(known)s"


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda said: pickle.loads(pickle.dumps(said)),
     lambda said: unpacked(json.loads(json.dumps(packed(said))))],
)  # fmt: skip
def test_copies_and_what_was_packed_keep_them_too(again: object) -> None:
    assert callable(again)
    copied = again(DAY)
    assert isinstance(copied, Said)
    assert (copied, copied.message, copied.values) == (DAY, DAY.message, DAY.values)
    assert isinstance(copied.values["what"], Said)


def test_another_text_is_packed_as_it_is() -> None:
    assert packed("It was asked already.") == "It was asked already."
    assert unpacked("It was asked already.") == "It was asked already."
