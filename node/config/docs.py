"""docs/configuration.md, written from the models: they are the single truth about every key."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from node.config.schema import Entry, Leaf, Several, entries
from node.config.settings import Settings

INTRODUCTION = """\
# Configuration

One household has one configuration: one YAML file, or several that are read as one (later files override
earlier ones, key by key). `config.example.yml` shows it whole. This table is written by
`commonwatt config docs` from the models that check the file; do not edit it.

Amounts carry their unit: `3 Wh`, `200 mWh`, `150 W`, `30 %`, `10 s`, `500 ms`, `5 min`. Tokens and prices
(per kWh) are plain numbers with up to 18 decimals. Relative paths are relative to the file that names them.
`<name>` stands for a name of your choice, `[]` for each element of a list.
"""


def documentation() -> str:
    """The whole page, as Markdown."""
    return "\n".join([INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    section = ""
    for entry in entries(Settings):
        top = entry.key.partition(".")[0].partition("[")[0]
        if top != section:
            section = top
            yield f"\n## {top}\n\n{sentence(entry.meaning)}\n"
            yield "| key | default | meaning |\n|---|---|---|"
        if isinstance(entry.shape, Leaf) or entry.key != top:
            yield f"| `{entry.key}` | {_default(entry)} | {sentence(entry.meaning)} |"
    yield ""


def _default(entry: Entry) -> str:
    if entry.field.is_required():
        return "*required*"
    value = _default_of(entry.field)
    if value is None:
        return "–"
    if isinstance(entry.shape, Several) and not value:
        return "none"
    return f"`{_written(entry.field, value)}`"


def default_as_written(field: FieldInfo) -> str:
    """A key's default as YAML would have it; empty: it has none."""
    value = _default_of(field)
    return "" if value is None else _written(field, value)


def _default_of(field: FieldInfo) -> object | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True, validated_data={})
    return None if value is PydanticUndefined or isinstance(value, BaseModel) else value


def _written(field: FieldInfo, value: object) -> str:
    """The default as YAML would have it, by the field's own serializer."""
    serializer = next(
        (m.func for m in field.metadata if hasattr(m, "func") and "Serializer" in repr(m)), None
    )
    if serializer is not None:
        return str(serializer(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def sentence(text: str) -> str:
    """A meaning as a sentence in one line."""
    text = " ".join(text.split()).replace("|", "\\|")
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?", ":")) else f"{text}."
