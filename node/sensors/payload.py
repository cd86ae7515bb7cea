"""Measurements out of JSON, as meters on a network send it: where a quantity stands, and in which unit.

A path is written `ENERGY.Power` or `emeters[0].power`; the empty path is the document itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.options import OptionRefused
from node.sensors.driver import Quantity
from node.sensors.errors import SensorError
from node.sensors.units import factor, named, usual

LARGEST = 64 << 10
"""Bytes of a document."""

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Place:
    """Where a quantity stands."""

    steps: tuple[str | int, ...]
    factor: float


Picture = Mapping[Quantity, Place]


def picture(values: Mapping[str, str], units: Mapping[str, str]) -> Picture:
    """Read the options `values` (quantity → path) and `units` (quantity → unit).

    Raises:
        OptionRefused: an unknown quantity or unit, or no path.
    """
    for name in units:
        if name not in values:
            raise OptionRefused(f"units.{name}: values has no {name}")
    found = {}
    for name, path in values.items():
        quantity = named(name)
        unit = units.get(name, usual(quantity)[0])
        found[quantity] = Place(_steps(path), factor(f"units.{name}", quantity, unit))
    return found


def read(text: bytes) -> Any:
    """Read a document.

    Raises:
        SensorError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SensorError(f"sends no JSON ({text[:40]!r}…): {error}") from error


def values(document: Any, wanted: Picture) -> dict[Quantity, int]:
    """Everything wanted that is there, each in our unit.

    Raises:
        SensorError: something is there that is no number.
    """
    found = {quantity: _at(document, place.steps) for quantity, place in wanted.items()}
    return {
        quantity: round(number * wanted[quantity].factor)
        for quantity, number in found.items()
        if number is not None
    }


def moment(path: str) -> Place:
    """Where a document says when it was measured, Unix seconds.

    Raises:
        OptionRefused: the path is none.
    """
    return Place(_steps(path), 1.0)


def said(document: Any, place: Place) -> float:
    """When a document says that it was measured, by its own clock.

    Raises:
        SensorError: it does not say.
    """
    found = _at(document, place.steps)
    if found is None:
        raise SensorError(f"does not say when it measured: there is no {_written(place.steps)}")
    return found


def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            raise OptionRefused(f"values: {path!r}: write a path as ENERGY.Power or emeters[0].power")
        steps.append(step[1] if step[2] is None else int(step[2]))
        at = step.end()
    return tuple(steps)


def _at(document: Any, steps: tuple[str | int, ...]) -> float | None:
    """The number at a path; None where the path leads nowhere."""
    for step in steps:
        match document, step:
            case dict(), str() if step in document:
                document = document[step]
            case list(), int() if step < len(document):
                document = document[step]
            case _:
                return None
    if document is None:
        return None
    try:
        number = math.nan if isinstance(document, bool | list | dict) else float(document)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SensorError(f"shows {document!r} at {_written(steps)}, which is no number")
    return number


def _written(steps: tuple[str | int, ...]) -> str:
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        or "its top"
    )
