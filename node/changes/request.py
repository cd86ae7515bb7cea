"""A change that somebody asks for: other values for some keys, another text, or the former one again.

It is written by the pages, which are not trusted: `loads` takes what `dumps` writes, and nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias, cast

from node.intents.book import SOMEBODY
from store import requests
from store.errors import MalformedRequest
from store.requests import BY, ID, Stamp, new_id

LARGEST = 400_000
"""Bytes of a request: the longest text of a file, with what JSON adds."""

LONGEST_VALUE = 4_096
"""Characters."""

MOST_KEYS = 200
DEEPEST = 16

LASTING = 300.0
"""Seconds after which what was asked is not done any more."""

HASH = re.compile(r"[0-9a-f]{64}\Z")

Key: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Change:
    """Another value for one key."""

    key: Key
    value: str | None
    """As it would be written after the key; None: leave the key out of the family's file."""


@dataclass(frozen=True, kw_only=True)
class Request(Stamp):
    """One change as it was asked for. Exactly one of `changes`, `text` and `undo` is given."""

    base: str
    """SHA-256 of the family's file that was looked at: a file that changed meanwhile is not written over."""

    changes: tuple[Change, ...] = ()
    text: str | None = None
    """What the whole file is to say."""

    undo: str | None = None
    """The id of the last change, which is to be taken back."""


def request(
    *,
    by: str,
    base: str,
    changes: tuple[Change, ...] = (),
    text: str | None = None,
    undo: str | None = None,
    id: str | None = None,
) -> Request:
    """Ask now."""
    return Request(
        id=id or new_id(), by=by, base=base, changes=changes, text=text, undo=undo,
        **requests.now(),
    )  # fmt: skip


def dumps(asked: Request) -> bytes:
    """As JSON."""
    facts = {**vars(asked), "changes": [[list(each.key), each.value] for each in asked.changes]}
    return json.dumps(facts, separators=(",", ":")).encode()


def loads(content: bytes) -> Request:
    """Read what `dumps` wrote.

    Raises:
        MalformedRequest: it did not write this.
    """
    asked = requests.loads(
        content, LARGEST, lambda given: Request(**{**given, "changes": tuple(map(_change, given["changes"]))})
    )
    _check(asked)
    return asked


def _change(given: object) -> Change:
    match given:
        case [[*key], str() | None as value] if 0 < len(key) <= DEEPEST:
            if not all(type(part) in (str, int) and len(str(part)) <= 64 for part in key):
                raise ValueError("a key is made of words and numbers")
            if value is not None and len(value) > LONGEST_VALUE:
                raise ValueError(f"a value has {LONGEST_VALUE} characters at most")
            return Change(cast(Key, tuple(key)), value)
        case _:
            raise ValueError("a change is a key and a value")


def _check(asked: Request) -> None:
    if not isinstance(asked.base, str) or not HASH.match(asked.base):
        raise MalformedRequest("a request names the file that it is about")
    if not all(each is None or isinstance(each, str) for each in (asked.text, asked.undo)):
        raise MalformedRequest("a text, or the id of a change, is expected")
    if bool(asked.changes) + (asked.text is not None) + (asked.undo is not None) != 1:
        raise MalformedRequest("a request is about keys, about a text, or about a former change")
    if len(asked.changes) > MOST_KEYS or (asked.undo is not None and not ID.match(asked.undo)):
        raise MalformedRequest("a request is about some keys, or about one former change")


def author(asked: Request) -> str:
    """Who asked, as the record may show it."""
    return asked.by if BY.match(asked.by) else SOMEBODY
