"""What the household's pages ask its relay for: to lock a contact out, or everything home. Nothing closes.

A request is a file in a folder that the pages write (`store.requests`) and the relay reads, so it needs
neither a key nor the chain nor the trader. It is written by the pages, which are not trusted: `loads` takes
what `requests.dumps` writes and no more, and a lock-out is taken off at the box only.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from relay_server.acts import HOME
from store import requests
from store.errors import MalformedRequest
from store.requests import BY, Stamp

FOLDER = "contacts"
"""Of the requests, in the state folder."""

LARGEST = 2_048
"""Bytes of a request."""

AT_ONCE = 8
"""Requests looked at in one go."""

LASTING = 60.0
"""Seconds after which what was asked is not done any more."""

PER_MINUTE = 10
"""Requests done: more of them only wear the disk."""

REASON = re.compile(r"[^\x00-\x1f\x7f]{1,80}\Z")
"""It is shown to every household that asks for the contact, so it is short."""


class What(StrEnum):
    """The closed set: each opens contacts."""

    LOCK = "lock"
    HOME = "home"


@dataclass(frozen=True, kw_only=True)
class Asked(Stamp):
    """One request."""

    what: What
    contact: int
    """0 is home, and what stands there for everything."""

    reason: str


def request(*, id: str, by: str, what: What, contact: int, reason: str) -> Asked:
    """Ask now."""
    return Asked(id=id, by=by, what=what, contact=contact, reason=reason, **requests.now())


def loads(content: bytes) -> Asked:
    """Read what `requests.dumps` wrote.

    Raises:
        MalformedRequest: it did not write this.
    """
    asked = requests.loads(content, LARGEST, lambda given: Asked(**{**given, "what": What(given["what"])}))
    if type(asked.contact) is not int or not 0 <= asked.contact < 2**32:
        raise MalformedRequest("a request names a contact")
    if not BY.match(asked.by) or not isinstance(asked.reason, str) or not REASON.match(asked.reason):
        raise MalformedRequest("a request names who makes it, and a reason of one short line")
    return asked


def put(state: Path, asked: Asked) -> None:
    """Ask for it.

    Raises:
        OSError: the folder cannot be written.
    """
    requests.put(state / FOLDER, asked.id, requests.dumps(asked))


def waiting(folder: Path) -> list[Asked]:
    """What lies in the folder, the oldest first; what is no request is left out."""
    found = requests.waiting(folder, LARGEST, AT_ONCE, loads)
    return sorted(found, key=lambda asked: (asked.boottime, asked.id))


def refusal(asked: Asked, contacts: Collection[int]) -> str:
    """Why a request cannot be done, as a clause; empty: it can.

    Args:
        contacts: every one that there is, home among them.
    """
    if asked.what is What.LOCK and asked.contact not in contacts:
        name = "home" if asked.contact == HOME else f"contact {asked.contact}"
        return f"this relay has no {name}"
    return ""
