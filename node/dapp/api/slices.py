"""The store a window at a time: however long the time that is asked for, each look is short and small."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http import HTTPStatus

from node.dapp.api.problems import Problem
from node.dapp.household import Household
from node.readings.interface import Point, Readings, rolled
from node.readings.opening import open_readings
from node.sensors.driver import Quantity

WINDOW = 5_000
"""Slices of time in one look at the store."""

OLDEST = 1_577_836_800_000
"""Unix ms of 2020: nothing was measured before there was something to measure it."""

MOST_WINDOWS = 8_000
"""Looks at the store for one answer: more than a year by the second."""


def opened(house: Household) -> Readings:
    """The household's store, to be closed soon.

    Raises:
        StoreError: it is not there, or cannot be read.
    """
    return open_readings(house.readings, house.state, read_only=True)


def sliced(store: Readings, meter: str, quantity: Quantity, of: tuple[int, int], length: int) -> list[Point]:
    """A chart whose slices have one length, in ms like the times; the first is a multiple of it.

    Of the power it is made of rollups where they fit: the same, in a moment, and when the samples are gone.
    """
    start, end = of
    count = max(-(-(end - start) // length), 1)
    level = rolled(length)
    if quantity is Quantity.POWER and level is not None and length % level == 0:
        return store.chart(meter, start, start + count * length, count + 1)
    return store.between(meter, quantity, start, start + count * length, count + 1)


def windows(house: Household, start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """Windows of whole slices that cover what is recorded of [start, end), in ms.

    Raises:
        Problem: there are too many of them.
    """
    with opened(house) as store:
        start, end = recorded(store, start, end)
    first = start // length * length
    if end - first > length * WINDOW * MOST_WINDOWS:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "That is too much at once for so fine a step: ask for a coarser one, or a shorter span.",
        )
    while first < end:
        last = min(first + WINDOW * length, end)
        yield first, last
        first = last


def recorded(store: Readings, start: int, end: int) -> tuple[int, int]:
    """The part of a span in which anything may have been recorded; an empty one, if nothing was.

    Not from the first batch on: its clock may have been wrong.
    """
    newest = store.newest()
    if newest is None and not store.latest():
        return start, start
    last = 0 if newest is None else newest.last
    return max(start, OLDEST), min(end, max(last, int(time.time() * 1_000)) + 1)
