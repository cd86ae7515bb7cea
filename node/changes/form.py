"""The keys that a family may change, with what they say now, their unit and their meaning: for the pages.

The pages' process does not carry what reads the configuration; it is handed this as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from node.changes.editing import flow
from node.changes.judging import Refused, hash_of, judge
from node.changes.keys import FAMILY, TRADER, concerned
from node.changes.request import Key, loads
from node.changes.told import Field
from node.config.docs import default_as_written, sentence
from node.config.errors import ConfigError
from node.config.loading import load, read_all
from node.config.reading import Document, read, value_of
from node.config.schema import Leaf, Several, Shape, meanings_of, shape
from node.config.settings import Settings
from node.dotted import dotted
from quantities import Energy, Power, Price, Share, SoC, Tokens
from quantities.said import packed
from store import snapshot

UNITS: dict[type, str] = {
    SoC: "%",
    Share: "%",
    Energy: "Wh",
    Power: "W",
    Price: "tokens per kWh",
    Tokens: "tokens",
    float: "s, min, h or d",
}


def form(files: Sequence[Path]) -> dict[str, Any]:
    """Everything that the pages need to show and change the configuration.

    Args:
        files: of the configuration; the last is the family's.

    Raises:
        ConfigError: it cannot be used as it is.
    """
    load(files)
    content = files[-1].read_bytes()
    root = _Value((), read_all(files).data, read(files[-1], content))
    fields = [asdict(field) for key in FAMILY for field in _fields(Settings, root, key)]
    return {
        "file": str(files[-1]),
        "base": hash_of(content),
        "text": content.decode(),
        "fields": fields,
    }


@dataclass(frozen=True)
class _Value:
    """A value where the walk through the models has come to."""

    key: Key
    given: Any
    """None: nothing."""

    own: Document

    def inside(self, name: str | int, given: Any) -> _Value:
        return _Value((*self.key, name), given, self.own)


def _fields(around: Shape, here: _Value, wanted: tuple[str, ...]) -> Iterator[Field]:
    """Fields of a section that lie on the way to a wanted key, or below it."""
    if not isinstance(around, type):
        return
    meanings = meanings_of(around)
    for name, field in around.model_fields.items():
        if wanted and wanted[0] != name:
            continue
        given = here.given.get(name) if isinstance(here.given, dict) else None
        meaning = sentence(field.description or meanings.get(name, ""))
        yield from _inside(shape(field.annotation), (field, meaning), here.inside(name, given), wanted[1:])


def _inside(
    kind: Shape, field: tuple[FieldInfo, str], here: _Value, wanted: tuple[str, ...]
) -> Iterator[Field]:
    match kind:
        case Several(of=Leaf(), named=False):
            yield _field(field, here)
        case Several(of):
            given = here.given
            inside = given.items() if isinstance(given, dict) else enumerate(given or ())
            for name, each in inside:
                yield from _inside(of, field, here.inside(name, each), wanted[1:])
        case Leaf():
            yield _field(field, here, fixed=kind.path)
        case _:
            yield from _fields(kind, here, wanted)


def _field(described: tuple[FieldInfo, str], here: _Value, *, fixed: bool = False) -> Field:
    field, meaning = described
    default, kind = default_as_written(field), _kind(field.annotation)
    return Field(
        key=here.key,
        name=dotted(here.key),
        value=default if here.given is None else _typable(here.given),
        own=here.key in here.own.places,
        default=default,
        unit=UNITS.get(kind, ""),
        options=_options(kind),
        meaning=meaning,
        required=field.is_required(),
        fixed=fixed,
        trader=TRADER in concerned([here.key]),
    )


def _typable(given: Any) -> str:
    """A value as it may be typed: without quotes where none are needed."""
    if isinstance(given, str):
        with suppress(ConfigError):
            if value_of(given) == given:
                return given
    return flow(given)


def _kind(annotation: Any) -> Any:
    """The type of a value, without what only says how it is read."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    choices = [each for each in get_args(annotation) if each is not type(None)]
    return _kind(choices[0]) if choices and get_origin(annotation) is not tuple else annotation


def _options(kind: Any) -> tuple[str, ...]:
    if kind is bool:
        return ("true", "false")
    return (
        tuple(str(each.value) for each in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()
    )


def facts(files: Sequence[Path], asked: bytes | None) -> dict[str, Any]:
    """The form, and what is wrong with a request; or, where the files cannot be used, only why.

    Raises:
        MalformedRequest: it is no request.
    """
    try:
        found = form(files)
    except ConfigError as error:
        return {"problems": [(str(each.place), each.key, packed(each.what)) for each in error.problems]}
    if asked is None:
        return found
    # An undo is held against the record when it is applied.
    verdict = judge(loads(asked), files, None, snapshot.boottime(), snapshot.boot_id())
    if isinstance(verdict, Refused):
        refused = [asdict(each) | {"what": packed(each.what)} for each in verdict.problems]
        return found | {"refused": refused, "conflict": verdict.conflict}
    return found | {"said": verdict.said, "restart": verdict.units}
