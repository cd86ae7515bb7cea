"""The amounts as fields of pydantic models: written with their unit in YAML, refused without sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, PlainSerializer

from quantities.amount import Amount, scaled
from quantities.energy import Energy, Power
from quantities.money import Price, Tokens
from quantities.said import Said
from quantities.share import Share
from quantities.soc import SoC

A = TypeVar("A", bound=Amount)

NUMBER = re.compile(r"\s*([-+]?[\d_]*\.?\d+)\s*([A-Za-zµ%]*)\s*\Z")


def with_unit(kind: type[A], units: dict[str, int]) -> Callable[[object], A]:
    """A reader of "number unit" for one kind of amount; `units` gives each unit's decimal places."""
    example = f"5 {next(iter(units))}"

    def read(given: object) -> A:
        if isinstance(given, kind):
            return given
        match = NUMBER.match(str(given)) if isinstance(given, str | int | float) else None
        if match is None or match[2] not in units:
            if len(units) == 1:
                raise ValueError(
                    Said(
                        "write a number with the unit %(unit)s: %(like)s",
                        unit=next(iter(units)),
                        like=repr(example),
                    )
                )
            raise ValueError(_with_one_of(units, example))
        return kind(scaled(match[1], units[match[2]]))

    return read


def _with_one_of(units: Iterable[str], example: str) -> Said:
    return Said(
        "write a number with one of the units %(units)s: %(like)s", units=", ".join(units), like=repr(example)
    )


def plain(kind: type[A], decimals: int) -> Callable[[object], A]:
    """A reader of a bare decimal number."""

    def read(given: object) -> A:
        if isinstance(given, kind):
            return given
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError(Said("write a number"))  # noqa: TRY004 - pydantic reports ValueError
        return kind(scaled(str(given), decimals))

    return read


def exact(amount: Amount) -> str:
    """Write tokens or a price with every decimal that it has."""
    return f"{Decimal(amount.value).scaleb(-18).normalize():f}"


def millivolts(given: object) -> int:
    """Read a voltage: "12.6 V", "3700 mV"."""
    match = NUMBER.match(given) if isinstance(given, str) else None
    if match is None or match[2] not in ("V", "mV"):
        raise ValueError(_with_one_of(("V", "mV"), "12.6 V"))
    return scaled(match[1], 3 if match[2] == "V" else 0)


def seconds(given: object) -> float:
    """Read a length of time: "10 s", "500 ms", "5 min", "2 h"."""
    factors = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    if type(given) is float:  # from code; what a file says has a unit
        return given
    match = NUMBER.match(str(given)) if isinstance(given, str | int) else None
    if match is None or match[2] not in factors:
        raise ValueError(
            Said(
                "write a length of time with one of the units %(units)s: %(like)s",
                units=", ".join(factors),
                like=repr("10 s"),
            )
        )
    length = float(match[1]) * factors[match[2]]
    if length <= 0:
        raise ValueError(Said("a length of time is more than nothing"))
    return length


EnergyField = Annotated[
    Energy,
    BeforeValidator(with_unit(Energy, {"Wh": 3, "mWh": 0, "kWh": 6})),
    PlainSerializer(lambda e: f"{e.mwh} mWh"),
]
PowerField = Annotated[
    Power,
    BeforeValidator(with_unit(Power, {"W": 3, "mW": 0, "kW": 6})),
    PlainSerializer(lambda p: f"{p.mw} mW"),
]
SoCField = Annotated[
    SoC, BeforeValidator(with_unit(SoC, {"%": 2})), PlainSerializer(lambda s: f"{s.percent:g} %")
]
ShareField = Annotated[
    Share, BeforeValidator(with_unit(Share, {"%": 2})), PlainSerializer(lambda s: f"{s.value / 100:g} %")
]
TokensField = Annotated[Tokens, BeforeValidator(plain(Tokens, 18)), PlainSerializer(exact)]
PriceField = Annotated[Price, BeforeValidator(plain(Price, 18)), PlainSerializer(exact)]
SecondsField = Annotated[float, BeforeValidator(seconds), PlainSerializer(lambda s: f"{s:.12g} s")]
