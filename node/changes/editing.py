"""Other values in a YAML text: only the lines of the keys that change are touched, comments stay.

Places come from the parser. What comes out is read again and compared with what was meant, so a text that is
written in a way which is not foreseen here (anchors, say) is refused, never spoiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import yaml

from node.changes.errors import Uneditable
from node.changes.request import Change, Key
from node.config.errors import ConfigError
from node.config.reading import WrittenDumper, WrittenFloat, composed, read, value_of
from node.dotted import dotted
from quantities.said import Said

STEP = "  "
"""Indentation of what is added."""


def edited(text: str, changes: Iterable[Change], around: Mapping[str, Any]) -> str:
    """The text with other values.

    Args:
        text: of the family's file; it must be readable.
        around: what all files say together. A list is laid over another one whole, so an element of a list
            that the family's file does not have is changed by writing the list into it.

    Raises:
        Uneditable: it cannot be changed by keys.
        ConfigError: a value is no YAML.
    """
    now = _data(text)
    for change in changes:
        key, value = _whole(change, now, around)
        meant = _with(now, key, value)
        place = None if change.value is None else _place(composed(text), change.key)
        text = (
            _edit(text, key, value) if place is None else _replaced(text, place, value_of(str(change.value)))
        )
        now = _data(text)
        if exact(now) != exact(meant):
            raise Uneditable(
                Said(
                    "%(key)s cannot be changed alone in this file: change it as YAML.", key=dotted(change.key)
                )
            )
    return text


MISSING = object()
"""In place of a value: the key is left out."""


def exact(value: object) -> object:
    """A value to be compared: numbers as they are written, so that 0.1 is not 0.10000000000000000001."""
    match value:
        case WrittenFloat():
            return ("number", value.text)
        case dict():
            return {key: exact(each) for key, each in value.items()}
        case list():
            return [exact(each) for each in value]
        case _:
            return (type(value).__name__, value)


def _whole(
    change: Change, now: Mapping[str, Any], around: Mapping[str, Any]
) -> tuple[tuple[str, ...], object]:
    """The key down to the first list, and its value: a list is written whole where the file has none yet."""
    value = MISSING if change.value is None else value_of(change.value)
    names = tuple(part for part in change.key)
    first = next((i for i, part in enumerate(names) if isinstance(part, int)), len(names))
    top, rest = cast(tuple[str, ...], names[:first]), names[first:]
    if not rest:
        return top, value
    inside: Any = _at(now, top)
    inside = deepcopy(_at(around, top) if inside is MISSING else inside)
    try:
        holder = inside
        for part in rest[:-1]:
            holder = holder[part]
        if value is MISSING:
            del holder[rest[-1]]
        else:
            holder[rest[-1]] = value
    except (KeyError, IndexError, TypeError):
        raise Uneditable(Said("There is no %(key)s: change it as YAML.", key=dotted(change.key))) from None
    return top, inside


def _at(data: Any, key: Key) -> Any:
    for part in key:
        if not isinstance(data, Mapping) or part not in data:
            return MISSING
        data = data[part]
    return data


def _with(data: dict[str, Any], key: tuple[str, ...], value: object) -> dict[str, Any]:
    """What the file is meant to say."""
    changed = deepcopy(data)
    if value is MISSING:
        _without(changed, key)
        return changed
    holder = changed
    for part in key[:-1]:
        if not isinstance(holder.get(part), dict):
            holder[part] = {}
        holder = holder[part]
    holder[key[-1]] = value
    return changed


def _without(data: Any, key: tuple[str, ...]) -> bool:
    """Leave a key out, and every mapping that had nothing else; whether there was one."""
    if not isinstance(data, dict) or key[0] not in data:
        return False
    if len(key) > 1 and not _without(data[key[0]], key[1:]):
        return False
    if len(key) == 1 or data[key[0]] == {}:
        del data[key[0]]
    return True


def _edit(text: str, key: tuple[str, ...], value: object) -> str:
    """Change one key by the places of the nodes."""
    root = composed(text)
    if root is None:
        return text if value is MISSING else _ended(text) + _lines(key, value, "")
    holder, names, above = cast(yaml.MappingNode, root), key, []
    while True:
        pair = next((each for each in holder.value if each[0].value == names[0]), None)
        if pair is None:
            return text if value is MISSING else _added(text, holder, names, value)
        above.append((holder, pair))
        if len(names) == 1:
            break
        if not isinstance(pair[1], yaml.MappingNode):
            if value is MISSING:
                return text
            value = _nested(names[1:], value)
            break
        holder, names = pair[1], names[1:]
    if value is not MISSING:
        return _replaced(text, above[-1][1][1], value)
    while len(above) > 1 and len(above[-1][0].value) == 1:
        above.pop()
    return _removed(text, *above[-1])


def _place(node: yaml.Node | None, key: Key) -> yaml.Node | None:
    """Where a value stands, elements of lists included; None: nowhere."""
    for part in key:
        match node, part:
            case yaml.MappingNode(), str():
                node = next((value for name, value in node.value if name.value == part), None)
            case yaml.SequenceNode(), int() if 0 <= part < len(node.value):
                node = node.value[part]
            case _:
                return None
    return node


def _replaced(text: str, node: yaml.Node, value: object) -> str:
    start, end = node.start_mark.index, _end(node)
    gap = "" if text[start - 1 : start].isspace() else " "
    return text[:start] + gap + flow(value) + text[end:]


def _added(text: str, holder: yaml.MappingNode, names: tuple[str, ...], value: object) -> str:
    """A key that the mapping does not have: behind its last one."""
    if holder.flow_style:
        at = holder.end_mark.index - 1
        comma = ", " if holder.value else ""
        return f"{text[:at].rstrip()}{comma}{flow({names[0]: _nested(names[1:], value)})[1:-1]}{text[at:]}"
    indentation = " " * holder.value[0][0].start_mark.column
    at = _line_end(text, _end(holder))
    return _ended(text[:at]) + _lines(names, value, indentation) + text[at:]


def _removed(text: str, holder: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node]) -> str:
    """Take out whole lines, or in a line the key with its comma."""
    position = holder.value.index(pair)
    if holder.flow_style:
        if len(holder.value) == 1:
            return text[: holder.start_mark.index] + "{}" + text[_end(holder) :]
        if position:
            return text[: _end(holder.value[position - 1][1])] + text[_end(pair[1]) :]
        return text[: pair[0].start_mark.index] + text[holder.value[1][0].start_mark.index :]
    if len(holder.value) == 1:  # the last key of the file
        return text[: pair[0].start_mark.index] + text[_line_end(text, _end(pair[1])) :]
    start = text.rfind("\n", 0, pair[0].start_mark.index) + 1
    return text[:start] + text[_line_end(text, _end(pair[1])) :]


def _end(node: yaml.Node) -> int:
    """Where the last character of a value stands; the parser counts what follows a block to it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    """Behind the line in which this place is."""
    if text[at - 1 : at] == "\n":  # a block of text ends at the beginning of the next line
        return at
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _lines(names: tuple[str, ...], value: object, indentation: str) -> str:
    """A key in lines of its own, one for each mapping."""
    lines = [f"{indentation}{STEP * i}{flow(name)}:" for i, name in enumerate(names)]
    return "\n".join(lines) + f" {flow(value)}\n"


def _nested(names: tuple[str, ...], value: object) -> object:
    for name in reversed(names):
        value = {name: value}
    return value


def flow(value: object) -> str:
    """A value in one line."""
    text = yaml.dump(
        value,
        Dumper=WrittenDumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=10**9,
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _data(text: str) -> dict[str, Any]:
    try:
        return read(Path("household.yml"), text.encode()).data
    except ConfigError as error:
        raise Uneditable(f"the file cannot be read, so it is changed as YAML only: {error}") from None
