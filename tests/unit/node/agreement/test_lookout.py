"""Asking the neighbours each minute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from chain.errors import Unreachable
from node.agreement.judging import LASTS, Compared, Told, Verdict
from node.agreement.lookout import Agreement

OTHER = Compared(told=Told(name="birch", number=9, hash="0xff"), verdict=Verdict.OTHER, ours="0x09")


class Street:
    """Says what it was given, look after look."""

    def __init__(self, *looks: tuple[Compared, ...] | Exception) -> None:
        self._looks: Iterator[tuple[Compared, ...] | Exception] = iter(looks)

    def look(self) -> tuple[Compared, ...]:
        found = next(self._looks)
        if isinstance(found, Exception):
            raise found
        return found


def test_a_neighbour_on_another_chain_is_named_once_that_lasts_and_not_while_our_node_is_silent() -> None:
    times = iter([0.0, LASTS, 2 * LASTS])
    agreement = Agreement(Street((OTHER,), (OTHER,), Unreachable("our node"), (OTHER,)), lambda: next(times))
    said = []
    for _ in range(4):
        with suppress(Unreachable):
            agreement.look()
        said.append(agreement.others)
    assert said == [(), ("birch",), (), ()]
