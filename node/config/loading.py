"""From files to settings, or to the list of everything that is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from node.config.checks import inconsistencies
from node.config.errors import ConfigError, Problem
from node.config.reading import Document, Where, read
from node.config.schema import Leaf, Several, at, resolve_paths
from node.config.settings import Settings
from node.config.words import in_our_words
from node.dotted import dotted
from quantities.said import Said

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)


def load(paths: Sequence[Path], instead: Mapping[Path, bytes] | None = None) -> Settings:
    """Read one household's configuration; later files override earlier ones.

    Args:
        instead: files to be taken as if they said this.

    Raises:
        ConfigError: with everything that is wrong, each with file, line, key and fix.
    """
    document = read_all(paths, instead)
    settings = validated(Settings, document)
    problems = [
        Problem(document.place(where), dotted(where), what) for where, what in inconsistencies(settings)
    ]
    if problems:
        raise ConfigError(problems)
    return settings


def read_all(paths: Sequence[Path], instead: Mapping[Path, bytes] | None = None) -> Document:
    """Read files as one document; later ones override.

    Raises:
        ConfigError: with the problems of all files.
    """
    document = Document()
    problems: list[Problem] = []
    for path in paths:
        try:
            document.override(read(path, (instead or {}).get(path)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return document


def validated(model: type[M], document: Document) -> M:
    """Hold a document against a model.

    Raises:
        ConfigError: with every key that does not fit.
    """
    resolve_paths(model, document)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        found = [problem(model, document, detail) for detail in error.errors()]
        raise ConfigError(sorted(found, key=lambda p: (str(p.place.file), p.place.line))) from None


def problem(model: type[BaseModel], document: Document, detail: ErrorDetails) -> Problem:
    """Say in the project's words what pydantic found."""
    where = tuple(key for key in detail["loc"] if key != "[key]")
    while len(where) > 1 and detail["type"] != "missing" and where not in document.places:
        where = where[:-1]
    return Problem(document.place(where), dotted(where), _what(model, where, detail))


def _what(model: type[BaseModel], where: Where, detail: ErrorDetails) -> Said:
    given = detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(model, where)
        case "missing":
            return Said("is missing; config.example.yml explains it")
        case "model_type" | "model_attributes_type" | "dict_type" | "tuple_type":
            return Said("%(given)s does not fit; %(wanted)s", given=repr(given), wanted=_wanted(model, where))
        case "value_error":
            return _with_value(given, detail["ctx"]["error"].args[0])
        case _:
            return _with_value(given, in_our_words(detail))


def _with_value(given: Any, what: Said) -> Said:
    """Name the value, unless the message does, or it is a whole section."""
    if isinstance(given, dict | list | BaseModel) or repr(given) in what or repr(str(given)) in what:
        return what
    shown = str(given) if isinstance(given, int | float) else repr(given)
    return Said("%(given)s: %(what)s", given=shown, what=what)


def _unknown(model: type[BaseModel], where: Where) -> Said:
    parent = at(model, where[:-1])
    if parent is None or isinstance(parent, Several | Leaf):
        return Said("unknown key; leave it out")
    known = list(parent.model_fields)
    if near := difflib.get_close_matches(str(where[-1]), known, n=1, cutoff=0.5):
        return Said("unknown key; did you mean `%(near)s`?", near=near[0])
    return Said("unknown key; there are %(known)s", known=", ".join(known))


def _wanted(model: type[BaseModel], where: Where) -> Said:
    match at(model, where):
        case Several(named=True):
            return Said("expected names with settings below them")
        case Several():
            return Said("expected a list")
        case Leaf() | None:
            return Said("expected a value")
        case section:
            return Said("expected the keys %(known)s", known=", ".join(section.model_fields))
