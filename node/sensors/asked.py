"""What the pages ask whoever owns the buses for: to look what is there, or to try a driver for some seconds.

A request is a file in a folder that the pages write (`store.requests`) and the logger reads. Neither changes
anything: what is added goes the way of every change of the configuration. It is written by the pages, which
are not trusted: `loads` takes what `requests.dumps` writes and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from node.sensors import addable
from store import requests, snapshot
from store.errors import MalformedRequest
from store.requests import BY, Stamp

FOLDER = "devices"
"""Of the requests, in the state folder."""

LARGEST = 2_048
"""Bytes of a request."""

AT_ONCE = 8
"""Requests looked at in one go."""

LASTING = 60.0
"""Seconds after which what was asked is not done any more."""

FORGOTTEN = 600.0
"""Seconds after which nobody needs to hear that it was not done."""

PER_MINUTE = 10
"""Requests done: each starts a process."""


class What(StrEnum):
    """The closed set."""

    SCAN = "scan"
    TRY = "try"


FILES: Mapping[What, str] = {What.SCAN: "found.json", What.TRY: "tried.json"}
"""Of the answers (`node.sensors.answers`), in `paths.run`."""


@dataclass(frozen=True, kw_only=True)
class Asked(Stamp):
    """One request."""

    what: What
    options: Mapping[str, str] = field(default_factory=dict)
    """What to try: the driver and its options, as they are written."""


def request(*, id: str, by: str, what: What, options: Mapping[str, str] | None = None) -> Asked:
    """Ask now."""
    return Asked(id=id, by=by, what=what, options=options or {}, **requests.now())


def loads(content: bytes) -> Asked:
    """Read what `requests.dumps` wrote.

    Raises:
        MalformedRequest: it did not write this.
    """
    asked = requests.loads(content, LARGEST, lambda given: Asked(**{**given, "what": What(given["what"])}))
    options = asked.options
    if not BY.match(asked.by) or not isinstance(options, dict):
        raise MalformedRequest("a request names who makes it, and what is to be tried")
    if not all(isinstance(each, str) for pair in options.items() for each in pair):
        raise MalformedRequest("options are words")
    problem = (
        addable.refusal(options) if asked.what is What.TRY else "nothing is tried by a scan" * bool(options)
    )
    if problem:
        raise MalformedRequest(problem)
    return asked


def put(state: Path, asked: Asked) -> None:
    """Ask for it.

    Raises:
        OSError: the folder cannot be written.
    """
    requests.put(state / FOLDER, asked.id, requests.dumps(asked))


def waiting(state: Path) -> list[Asked]:
    """What lies in the folder, the oldest first; what is no request is left out."""
    found = requests.waiting(state / FOLDER, LARGEST, AT_ONCE, loads)
    return sorted(found, key=lambda asked: (asked.boottime, asked.id))


def tidy(state: Path, answered: Collection[str]) -> None:
    """Take requests away that were answered, or long ago: by the pages, to whom the folder belongs.

    Args:
        answered: ids.
    """
    for each in waiting(state):
        if each.id in answered or each.age(snapshot.boottime(), snapshot.boot_id()) >= FORGOTTEN:
            requests.take_away(state / FOLDER, each.id)
