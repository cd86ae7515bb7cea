"""A meter's register map: which register holds what, as a YAML file says it (`node/sensors/maps`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chain import options
from chain.options import OptionRefused
from node.sensors.driver import Quantity
from node.sensors.errors import OptionsRefused, SensorError
from node.sensors.units import FACTORS, factor, named

MAPS = Path(__file__).parent / "maps"

WORDS = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "int64": 4, "uint64": 4, "float32": 2, "float64": 4,
}  # fmt: skip
"""Registers of each type."""

MOST = 100
"""Registers of one question: the protocol allows 125, some meters less."""


@dataclass(frozen=True)
class Value:
    """Where a quantity stands."""

    address: int
    type: str
    unit: str
    scale: float = 1.0
    """What one step of the register is of the unit."""

    def __post_init__(self) -> None:
        options.within("address", self.address, 0, 0xFFFF)
        if self.type not in WORDS:
            raise OptionRefused(f"type: {self.type!r}: write one of {', '.join(WORDS)}")

    @property
    def end(self) -> int:
        """The register after it."""
        return self.address + WORDS[self.type]


@dataclass(frozen=True)
class Line:
    """What a map says beside its values."""

    name: str
    baud: int = 9_600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    registers: Literal["input", "holding"] = "input"
    word_order: Literal["big", "little"] = "big"
    gap: int = 0
    """So many registers between two values may be read along with them."""

    def __post_init__(self) -> None:
        options.within("gap", self.gap, 0, MOST)


@dataclass(frozen=True)
class Meter:
    """One kind of meter."""

    line: Line
    values: Mapping[Quantity, Value]

    def blocks(self) -> Sequence[range]:
        """The registers to ask for, each range in one question."""
        found: list[range] = []
        for value in sorted(self.values.values(), key=lambda value: value.address):
            near = found and value.address - found[-1].stop <= self.line.gap
            if near and value.end - found[-1].start <= MOST:
                found[-1] = range(found[-1].start, max(value.end, found[-1].stop))
            else:
                found.append(range(value.address, value.end))
        return found

    def measured(self, registers: Mapping[int, int]) -> dict[Quantity, int]:
        """What registers (address → word) say, in our units.

        Raises:
            SensorError: a value is no number.
        """
        return {
            quantity: self._measured(quantity, value, registers) for quantity, value in self.values.items()
        }

    def _measured(self, quantity: Quantity, value: Value, registers: Mapping[int, int]) -> int:
        from pymodbus.client.mixin import ModbusClientMixin  # noqa: PLC0415 - only who has such a meter pays

        words = [registers[address] for address in range(value.address, value.end)]
        kind = ModbusClientMixin.DATATYPE[value.type.upper()]
        number = ModbusClientMixin.convert_from_registers(words, kind, word_order=self.line.word_order)
        if not isinstance(number, int | float) or not math.isfinite(number):
            raise SensorError(f"shows {number!r} for {quantity}, which is no number")
        return round(number * value.scale * FACTORS[quantity][value.unit])


def known() -> list[str]:
    """The maps that come with Commonwatt."""
    return sorted(path.stem for path in MAPS.glob("*.yml"))


def load(name: str) -> Meter:
    """Read a map.

    Args:
        name: of one that comes with Commonwatt, or the path of another.

    Raises:
        OptionsRefused: there is none, or something in it is wrong.
    """
    path = Path(name) if "/" in name else MAPS / f"{name}.yml"
    if "/" not in name and name not in known():
        raise OptionsRefused(f"map: {name!r}: write one of {', '.join(known())}, or the path of your own")
    import yaml  # noqa: PLC0415 - only who has such a meter pays for it

    try:
        return _meter(yaml.safe_load(path.read_text()))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsRefused(f"map: {path} cannot be read: {error}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise OptionsRefused(f"map: {path}: {' '.join(str(error).split())}") from error


def _meter(document: Any) -> Meter:
    if not isinstance(document, dict):
        raise OptionRefused("write keys and values, as in node/sensors/maps/generic.yml")
    values = document.pop("values", None)
    if not isinstance(values, dict) or not values:
        raise OptionRefused("values: name at least one quantity")
    found = {named(name): value for name, value in values.items()}
    return Meter(
        options.read(Line, document), {quantity: _value(quantity, value) for quantity, value in found.items()}
    )


def _value(quantity: Quantity, given: Any) -> Value:
    if not isinstance(given, dict):
        raise OptionRefused(f"values.{quantity}: write {{address: 0, type: float32, unit: V}}")
    try:
        value = options.read(Value, given)
    except OptionRefused as error:
        raise OptionRefused(f"values.{quantity}: {error}") from None
    factor(f"values.{quantity}.unit", quantity, value.unit)
    return value
