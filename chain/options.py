"""A driver's options, read into a frozen dataclass.

A driver lives in a daemon, and daemons do without pydantic (15 MB): its options are few and flat.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Set
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class OptionRefused(ValueError):
    """An option is unknown, missing, or not what it has to be; the message says which and what to do."""


def read(kind: type[T], given: Mapping[str, Any]) -> T:
    """Read options.

    Args:
        kind: a dataclass of bool, int, float, str, Literal, Mapping and frozenset of those, or None. Its
            `__post_init__` may refuse values by OptionRefused.

    Raises:
        OptionRefused: they do not fit.
    """
    hints = get_type_hints(kind)
    for name in given:
        if name not in hints:
            raise OptionRefused(f"there is no option {str(name)!r}; remove it")
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # typeshed wants a bound that T cannot have
        wanted = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if wanted and field.name not in given:
            raise OptionRefused(f"the option {field.name!r} is missing; add it")
    return kind(**{name: _value(name, hints[name], value) for name, value in given.items()})


def within(name: str, value: float, lowest: float, highest: float) -> None:
    """Check a number.

    Raises:
        OptionRefused: it is out of bounds.
    """
    if not lowest <= value <= highest:
        raise OptionRefused(f"{name}: {value:g}: write a number from {lowest:g} to {highest:g}")


def _value(name: str, wanted: Any, given: object) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        if given is None and types.NoneType in arguments:
            return None
        [wanted] = [each for each in arguments if each is not types.NoneType]
        return _value(name, wanted, given)
    if origin is Literal and given in arguments and not isinstance(given, bool):
        return given
    if origin is Mapping and isinstance(given, Mapping):
        key, value = arguments
        return {_value(name, key, k): _value(f"{name}.{k}", value, v) for k, v in given.items()}
    if origin is frozenset and isinstance(given, list | tuple | Set):
        return frozenset(_value(name, arguments[0], each) for each in given)
    if origin is None:
        return _plain(name, wanted, given)
    raise _unfit(name, wanted, given)


def _plain(name: str, wanted: type, given: object) -> object:
    if isinstance(given, str) and wanted in (int, float):
        given = _number(given, wanted)  # a mapping's key, or what was written in quotes
    if wanted is float and type(given) is int:
        return float(given)
    if not isinstance(given, wanted) or (isinstance(given, bool) and wanted is not bool):
        raise _unfit(name, wanted, given)
    return given


def _unfit(name: str, wanted: Any, given: object) -> OptionRefused:
    return OptionRefused(f"{name}: {given!r}: write {_named(wanted)}")


def _number(text: str, kind: type) -> object:
    try:
        return kind(text)
    except ValueError:
        return text


def _named(wanted: Any) -> str:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin is Mapping:
        return f"pairs of {_named(arguments[0])} and {_named(arguments[1])}"
    if origin is frozenset:
        return f"a list, each {_named(arguments[0])}"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}[wanted]
