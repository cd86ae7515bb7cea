"""What the household's pages ask its relay for: to lock a contact out, or everything home. Nothing closes.

A request is a file in a folder that the pages write (`store.requests`) and the relay reads, so it needs
neither a key nor the chain nor the trader. It is written by the pages, which are not trusted: `loads` takes
what `dumps` writes and no more, and a lock-out is taken off at the box only.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from relay_server.acts import HOME
from relay_server.errors import MalformedRequest
from store import requests, snapshot

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

BY = re.compile(r"[\w .@:+()-]{1,64}\Z")

LATEST_YEAR = 4_102_444_800
"""Unix seconds: 2100."""


class What(StrEnum):
    """The closed set: each opens contacts."""

    LOCK = "lock"
    HOME = "home"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    id: str
    by: str
    what: What
    contact: int
    """0 is home, and what stands there for everything."""

    reason: str
    at: float
    """Unix seconds, for people."""

    boot: str
    boottime: float
    """Seconds."""

    def age(self, now: float, boot: str) -> float:
        """Seconds since it was asked; without end for one of another boot."""
        return snapshot.since(self.boottime, self.boot, now, boot)


def request(*, id: str, by: str, what: What, contact: int, reason: str) -> Asked:
    """Ask now."""
    return Asked(
        id=id, by=by, what=what, contact=contact, reason=reason, at=time.time(), boot=snapshot.boot_id(),
        boottime=snapshot.boottime(),
    )  # fmt: skip


def dumps(asked: Asked) -> bytes:
    """As JSON."""
    return json.dumps(vars(asked), separators=(",", ":")).encode()


def loads(content: bytes) -> Asked:
    """Read what `dumps` wrote.

    Raises:
        MalformedRequest: it did not write this.
    """
    if len(content) > LARGEST:
        raise MalformedRequest(f"a request has {LARGEST} bytes at most")
    try:
        given = json.loads(content)
        asked = Asked(**{**given, "what": What(given["what"])})
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedRequest(f"not a request: {error!r:.200}") from None
    texts = (asked.id, asked.by, asked.reason, asked.boot)
    numbers = (asked.at, asked.boottime)
    if not all(isinstance(each, str) for each in texts) or len(asked.boot) > 64:
        raise MalformedRequest("a request says who makes it, and why")
    if not all(type(each) in (int, float) for each in numbers) or not 0 <= asked.at < LATEST_YEAR:
        raise MalformedRequest("a request says when it was made")
    if type(asked.contact) is not int or not 0 <= asked.contact < 2**32:
        raise MalformedRequest("a request names a contact")
    if not requests.ID.match(asked.id) or not BY.match(asked.by) or not REASON.match(asked.reason):
        raise MalformedRequest("a request names itself, who makes it, and a reason of one short line")
    return asked


def put(state: Path, asked: Asked) -> None:
    """Ask for it.

    Raises:
        OSError: the folder cannot be written.
    """
    requests.put(state / FOLDER, asked.id, dumps(asked))


def waiting(folder: Path) -> list[Asked]:
    """What lies in the folder, the oldest first; what is no request is left out."""
    found = []
    for name, content in requests.waiting(folder, LARGEST, AT_ONCE):
        try:
            asked = loads(content)
        except MalformedRequest:
            continue
        if asked.id == name:
            found.append(asked)
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
