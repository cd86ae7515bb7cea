"""What all amounts have in common: one integer, ordered, added only to its own kind."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

from quantities.said import Said


@dataclass(frozen=True, order=True, slots=True)
class Amount:
    """An integer number of one unit. Subclasses say which."""

    value: int = 0

    def __post_init__(self) -> None:
        """Refuse what is not an integer: a float would round silently."""
        if type(self.value) is not int:
            raise TypeError(f"{type(self).__name__} takes an integer, not {self.value!r}")

    def __add__(self, other: Self) -> Self:
        return type(self)(self.value + self._same(other))

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.value - self._same(other))

    def __neg__(self) -> Self:
        return type(self)(-self.value)

    def __abs__(self) -> Self:
        return type(self)(abs(self.value))

    def __mul__(self, factor: int) -> Self:
        return type(self)(self.value * factor)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.value != 0

    def __int__(self) -> int:
        return self.value

    def _same(self, other: Self) -> int:
        if type(other) is not type(self):
            raise TypeError(f"a {type(self).__name__} goes with its own kind, not with {other!r}")
        return other.value


def scaled(text: str, decimals: int) -> int:
    """Read a decimal number exactly, as an integer of its `decimals`-th part.

    Raises:
        ValueError: not a finite number, or finer than the unit can carry.
    """
    try:
        number = Decimal(text.strip().replace("_", "")).scaleb(decimals)
    except InvalidOperation:
        raise ValueError(Said("%(text)s is not a number", text=repr(text))) from None
    if not number.is_finite():
        raise ValueError(Said("%(text)s is not a finite number", text=repr(text)))
    if number != number.to_integral_value():
        raise ValueError(Said("%(text)s has more than %(most)s decimals", text=repr(text), most=decimals))
    return int(number)


def shown(value: int, decimals: int, places: int) -> str:
    """Write an integer of 10^-decimals parts with `places` decimals, rounded half to even."""
    return f"{Decimal(value).scaleb(-decimals):.{places}f}"


def trimmed(value: int, decimals: int, places: int) -> str:
    """As `shown`, without zeros at the end: 30, 29.8."""
    text = shown(value, decimals, places)
    return text.rstrip("0").rstrip(".") if "." in text else text
