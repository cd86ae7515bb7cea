"""A driver's options: what fits is taken, what does not is named with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from chain import options
from chain.options import OptionRefused


@dataclass(frozen=True)
class Options:
    world: str
    address: int = 0x40
    shunt: float = 0.1
    range: Literal[16, 32] = 32
    invert: bool = False
    beat: int | None = None
    sense: Mapping[int, int] = field(default_factory=dict)
    closed: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        options.within("shunt", self.shunt, 0.01, 10)


def test_what_fits_is_taken_and_the_rest_has_its_default() -> None:
    given = {"world": "x.sock", "shunt": 1, "sense": {"23": 6}, "closed": [22, 24], "beat": None}
    assert options.read(Options, given) == Options(
        world="x.sock", shunt=1.0, sense={23: 6}, closed=frozenset({22, 24})
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "the option 'world' is missing; add it"),
        ({"world": "x", "adress": 1}, "there is no option 'adress'; remove it"),
        ({"world": 5}, "world: 5: write a word"),
        ({"world": "x", "address": True}, "address: True: write a whole number"),
        ({"world": "x", "address": 1.5}, "address: 1.5: write a whole number"),
        ({"world": "x", "shunt": "much"}, "shunt: 'much': write a number"),
        ({"world": "x", "shunt": 0}, "shunt: 0: write a number from 0.01 to 10"),
        ({"world": "x", "shunt": float("nan")}, "shunt: nan: write a number from 0.01 to 10"),
        ({"world": "x", "range": 24}, "range: 24: write 16 or 32"),
        ({"world": "x", "invert": 1}, "invert: 1: write true or false"),
        ({"world": "x", "beat": "no pin"}, "beat: 'no pin': write a whole number"),
        ({"world": "x", "sense": [23]}, "sense: [23]: write pairs of a whole number and a whole number"),
        ({"world": "x", "sense": {23: None}}, "sense.23: None: write a whole number"),
        ({"world": "x", "closed": 22}, "closed: 22: write a list, each a whole number"),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_do(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionRefused) as refusal:
        options.read(Options, given)
    assert str(refusal.value) == said
