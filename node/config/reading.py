"""YAML files as plain data that knows where each key was written.

Read more strictly than YAML is: a key written twice is refused, `no` and `off` are words, an account
written without quotes stays text, and what aliases multiply is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from node.config.errors import ConfigError, Place, Problem
from node.dotted import dotted
from quantities.said import Said

LARGEST_FILE = 262_144
"""Bytes. A household's configuration has a few thousand."""

MOST_VALUES = 10_000
"""Keys and values in one file, each counted as often as aliases repeat it."""

DEEPEST = 16

LONGEST_NUMBER = 40
"""Digits. What is longer (an account written without quotes, a hash) stays text."""

Key: TypeAlias = str | int
Where: TypeAlias = tuple[Key, ...]


class WrittenFloat(float):
    """A number with decimals that remembers how it was written: a price has up to 18 of them."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> WrittenFloat:
        """Read it."""
        number = super().__new__(cls, text.replace("_", ""))
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text

    def __deepcopy__(self, memo: object) -> WrittenFloat:
        return self


class WrittenHex(int):
    """A whole number in hexadecimal, which stays so: an address of a chip."""

    text: str

    def __new__(cls, text: str) -> WrittenHex:
        """Read it."""
        number = super().__new__(cls, text.replace("_", ""), 0)
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text

    def __deepcopy__(self, memo: object) -> WrittenHex:
        return self


class WrittenDumper(yaml.SafeDumper):
    """Writes these numbers as they were written."""


WrittenDumper.add_representer(
    WrittenFloat, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", number.text)
)
WrittenDumper.add_representer(
    WrittenHex, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:int", number.text)
)


@dataclass
class Document:
    """What one or several files say."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Where, Place] = field(default_factory=dict)
    """Where each key, and each element of a list, was written."""

    def place(self, where: Where) -> Place:
        """The line of a key, or of the nearest one around it that was written."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.places:
                return self.places[where[:length]]
        return Place(Path("?"), 0)

    def override(self, later: Document) -> None:
        """Lay another file over this one: mappings are merged, everything else is replaced."""
        self.places.setdefault((), later.place(()))
        self._merge(self.data, later, later.data, ())

    def _merge(self, mine: dict[str, Any], later: Document, theirs: dict[str, Any], where: Where) -> None:
        for key, value in theirs.items():
            here = (*where, key)
            if isinstance(value, dict) and isinstance(mine.get(key), dict):
                self._merge(mine[key], later, value, here)
                continue
            for old in [place for place in self.places if place[: len(here)] == here]:
                del self.places[old]
            mine[key] = value
            self.places |= {p: place for p, place in later.places.items() if p[: len(here)] == here}


def read(path: Path, content: bytes | None = None) -> Document:
    """Read one file.

    Args:
        content: what it is going to say; what it says now when not given.

    Raises:
        ConfigError: it cannot be read, is not YAML, says a key twice, or is far too large.
    """
    reader = _Reader(path, content)
    document = reader.document()
    if reader.problems:
        raise ConfigError(reader.problems)
    return document


def value_of(text: str) -> object:
    """One value as it would be written after a key: `25 %`, `[sat, sun]`, `0.25`.

    Raises:
        ConfigError: it is no YAML, or not one value.
    """
    return read(Path("value"), b"value: " + text.encode()).data["value"]


def composed(text: str) -> yaml.Node | None:
    """The nodes of a YAML text that `read` has accepted, with the places where each begins and ends."""
    return yaml.compose(text, Loader=_Loader)


class _Reader:
    def __init__(self, path: Path, content: bytes | None) -> None:
        self.path = path
        self.content = content
        self.problems: list[Problem] = []
        self.places: dict[Where, Place] = {}
        self.values = 0

    def document(self) -> Document:
        root = self._composed()
        self.places[()] = Place(self.path, 1)
        if root is None:
            return Document({}, self.places)
        if not isinstance(root, yaml.MappingNode):
            self._refuse(root, (), Said("expected keys and values, such as `household: {name: birch}`"))
        data = self._value(root, ())
        return Document(data if isinstance(data, dict) else {}, self.places)

    def _composed(self) -> yaml.Node | None:
        text = self._text()
        try:
            return yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            if mark is None or mark.line >= text.count("\n"):  # at the end: where it began says more
                mark = error.context_mark or mark
            line = mark.line + 1 if mark else 0
            raise self._stop(_not_yaml(error.problem or error.context or "?"), line) from error
        except yaml.YAMLError as error:
            raise self._stop(_not_yaml(" ".join(str(error).split()))) from error

    def _text(self) -> str:
        try:
            content = self._bytes() if self.content is None else self.content
            if len(content) > LARGEST_FILE:
                raise self._stop(
                    Said(
                        "larger than %(most)s: this is no household's configuration",
                        most=f"{LARGEST_FILE // 1024} kB",
                    )
                )
            return content.decode()
        except FileNotFoundError:
            raise self._stop(
                Said("there is no such file; name one with --config, or start from config.example.yml")
            ) from None
        except OSError as error:
            raise self._stop(
                Said("cannot be read: %(error)s; check its path, owner and mode", error=error.strerror)
            ) from error
        except UnicodeDecodeError as error:
            raise self._stop(
                Said("is not UTF-8 text (byte %(byte)s); save it as UTF-8", byte=error.start)
            ) from error

    def _bytes(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)

    def _value(self, node: yaml.Node, where: Where) -> object:
        self.values += 1
        if self.values > MOST_VALUES:
            raise self._stop(
                Said("says more than %(most)s values: aliases repeat too much", most=MOST_VALUES), _line(node)
            )
        if len(where) > DEEPEST:
            raise self._stop(Said("is nested more than %(most)s deep", most=DEEPEST), _line(node))
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        if tag not in {"map", "seq", *SCALARS}:
            self._refuse(
                node, where, Said("the tag %(tag)s means nothing here; leave it out", tag=repr(node.tag))
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, where))
        if isinstance(node, yaml.SequenceNode):
            return [self._element(item, (*where, index)) for index, item in enumerate(node.value)]
        return SCALARS[tag](str(node.value))

    def _element(self, node: yaml.Node, where: Where) -> object:
        self.places[where] = Place(self.path, _line(node))
        return self._value(node, where)

    def _pairs(self, node: yaml.MappingNode, where: Where) -> Iterator[tuple[str, object]]:
        written: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_node, where, Said("a key must be a word"))
                continue
            key, line = str(key_node.value), _line(key_node)
            if key in written:
                self._refuse(
                    key_node,
                    (*where, key),
                    Said("written twice, first on line %(line)s; keep one", line=written[key]),
                )
                continue
            written[key] = line
            self.places[(*where, key)] = Place(self.path, line)
            yield key, self._value(value_node, (*where, key))

    def _refuse(self, node: yaml.Node, where: Where, what: Said) -> None:
        self.problems.append(Problem(Place(self.path, _line(node)), dotted(where), what))

    def _stop(self, what: Said, line: int = 0) -> ConfigError:
        return ConfigError([*self.problems, Problem(Place(self.path, line), "", what)])


def _not_yaml(error: str) -> Said:
    """The parser's own words are few, and all about indentation, colons and quotes."""
    return Said("not YAML: %(error)s; check indentation, colons and quotes", error=error)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _integer(text: str) -> int | str:
    if len(text) > LONGEST_NUMBER:
        return text
    return WrittenHex(text) if text.startswith("0x") else int(text.replace("_", ""))


SCALARS: dict[str, Callable[[str], object]] = {
    "str": str,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": WrittenFloat,
}


class _Loader(yaml.SafeLoader):
    """YAML with the scalars of its version 1.2: no sexagesimals, no `yes` and `off`, no dates."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse what is nested too deep while it is read: PyYAML itself would go on to the stack's end."""
        if self.depth > DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} deep", problem_mark=mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("int", r"(?:[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F][0-9a-fA-F_]*)\Z", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][-+]?[0-9]+)?\Z", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
