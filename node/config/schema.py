"""What the models say about each key: which there are, which hold paths, what they mean."""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chain.private import CREDENTIAL
from node.config.reading import Document, Key, Where

Model: TypeAlias = type[BaseModel]


@dataclass(frozen=True)
class Several:
    """A list, or a mapping with names of the writer's choice."""

    of: Shape
    named: bool


@dataclass(frozen=True)
class Leaf:
    """A plain value."""

    path: bool


Shape: TypeAlias = Model | Several | Leaf


@dataclass(frozen=True)
class Entry:
    """One key of the configuration."""

    key: str
    """Dotted, with `<name>` and `[]` where names and positions stand."""
    field: FieldInfo
    meaning: str
    shape: Shape


def shape(annotation: object) -> Shape:
    """What a field's annotation allows in YAML."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape(arguments[0])
    if origin in (Union, types.UnionType):
        [kind] = [a for a in arguments if a is not type(None)][:1]
        return shape(kind)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return Several(shape(arguments[1]), named=True)
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        return Several(shape(arguments[0]), named=False)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return Leaf(path=inspect.isclass(annotation) and issubclass(annotation, Path))


def at(model: Model, where: Sequence[Key]) -> Shape | None:
    """The shape of one key; None where the models know none."""
    current: Shape = model
    for key in where:
        match current:
            case Several(of):
                current = of
            case Leaf():
                return None
            case _ if key in current.model_fields:
                current = shape(current.model_fields[str(key)].annotation)
            case _:
                return None
    return current


def entries(model: Model, prefix: str = "") -> Iterator[Entry]:
    """Every key that a model knows, sections before what is in them."""
    meanings = meanings_of(model)
    for name, field in model.model_fields.items():
        here = shape(field.annotation)
        key = f"{prefix}.{name}".lstrip(".")
        yield Entry(key, field, field.description or meanings.get(name) or _section_text(here), here)
        while isinstance(here, Several):
            key, here = (f"{key}.<name>" if here.named else f"{key}[]"), here.of
        if not isinstance(here, Leaf):
            yield from entries(here, key)


def resolve_paths(model: Model, document: Document) -> None:
    """Make every relative path absolute: from the file that names it; a default, from its section's."""
    _resolve(model, document.data, (), document)


def _resolve(shape_: Shape, value: object, where: Where, document: Document) -> object:
    match shape_, value:
        case Leaf(path=True), str() if value.startswith(CREDENTIAL):
            return value
        case Leaf(path=True), str():
            return os.path.normpath(document.place(where).file.absolute().parent / Path(value).expanduser())
        case Several(of), dict():
            value.update({key: _resolve(of, item, (*where, key), document) for key, item in value.items()})
        case Several(of), list():
            value[:] = [_resolve(of, item, (*where, index), document) for index, item in enumerate(value)]
        case ((Leaf() | Several()), _):
            pass
        case _, dict():
            for key, field in shape_.model_fields.items():
                if key not in value and isinstance(field.default, Path):
                    value[key] = str(field.default)
                if key in value:
                    value[key] = _resolve(shape(field.annotation), value[key], (*where, key), document)
    return value


def _section_text(shape_: Shape) -> str:
    while isinstance(shape_, Several):
        shape_ = shape_.of
    return "" if isinstance(shape_, Leaf) else inspect.cleandoc(shape_.__doc__ or "")


def meanings_of(kind: type[Any]) -> dict[str, str]:
    """The string below each attribute of a model or dataclass, which is documentation too."""
    found: dict[str, Any] = {}
    for parent in reversed(kind.__mro__):
        if parent.__module__.partition(".")[0] in ("builtins", "typing", "pydantic"):
            continue
        [class_] = ast.parse(textwrap.dedent(inspect.getsource(parent))).body
        body = class_.body if isinstance(class_, ast.ClassDef) else []
        for before, after in pairwise(body):
            match before, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = inspect.cleandoc(text)
    return found
