"""Settings without pydantic, for daemons that have better use for 20 MB.

pydantic reads and checks the configuration; what it found is then carried by plain records with the same
attributes. To its readers and to mypy a record is the model that it was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from quantities.amount import Amount

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


class Plain(SimpleNamespace):
    """A section of the configuration: its keys, and the properties of its model. Read only."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"settings do not change: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"settings do not change: {name}")


def section(model: BaseModel) -> Plain:
    """A model and everything below it as records."""
    kind = type(model)
    parents = [each for each in kind.__mro__ if each.__module__.partition(".")[0] != "pydantic"]
    properties = [name for each in parents for name, what in vars(each).items() if isinstance(what, property)]
    return Plain(**{name: plain(getattr(model, name)) for name in (*kind.model_fields, *properties)})


def plain(value: object) -> Any:
    """A value without any type but the standard library's and our quantities.

    Raises:
        TypeError: it is something else.
    """
    match value:
        case None | bool() | date() | Path() | Amount():
            return value
        case Enum():
            return plain(value.value)
        case str() | int() | float():
            return _exactly(value)
        case Mapping():
            return {plain(key): plain(each) for key, each in value.items()}
        case Sequence():
            kind = tuple if isinstance(value, tuple) else list
            return kind(plain(each) for each in value)
        case _ if hasattr(value, "model_fields_set"):
            return section(cast("BaseModel", value))
        case _:
            raise TypeError(f"a daemon's settings cannot carry {value!r}")


def changed(settings: M, **fields: object) -> M:
    """The same section with other values, unchecked; of a model as of the record that was made of it."""
    if isinstance(settings, Plain):
        return cast("M", Plain(**{**vars(settings), **fields}))
    return settings.model_copy(update=fields)


def _exactly(value: str | int | float) -> str | int | float:
    """The value itself, of the very type: subclasses are known to the configuration's reader alone."""
    return next(kind(value) for kind in (str, int, float) if isinstance(value, kind))
