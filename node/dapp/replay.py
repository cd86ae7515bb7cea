"""The numbered events of the last minutes, for a page that was away: it names the last one that it heard.

An event says what changed, so the ones that were missed, in their order, lead to the present.

https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
"""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Mapping

HELD = 64 * 1024
"""Bytes of events that are held: some five minutes of a household that trades."""


class Replay:
    """Numbers events, holds the newest, and finds what followed one of them. Used by one thread."""

    def __init__(self, held: int = HELD) -> None:
        """Begin to count.

        Args:
            held: bytes of events to hold.
        """
        self._held, self._size = held, 0
        self._series = secrets.token_hex(4)
        """Of this process: numbers of another one, before a restart, say nothing here."""
        self._number = 0
        self._frames: deque[bytes] = deque()
        """The newest, the last of which has the newest number."""

    def add(self, kind: str, data: Mapping[str, object]) -> bytes:
        """Number one more event, and hold it: its frame."""
        self._number += 1
        made = self.frame(kind, data)
        self._frames.append(made)
        self._size += len(made)
        while self._size > self._held:
            self._size -= len(self._frames.popleft())
        return made

    def since(self, heard: str | None) -> bytes | None:
        """What followed the event `heard`; None when it is unknown or what followed is not held any more."""
        series, _, number = (heard or "").partition("-")
        if series != self._series or not (number.isascii() and number.isdigit()):
            return None
        missed = self._number - int(number)
        if not 0 <= missed <= len(self._frames):
            return None
        return b"".join(list(self._frames)[len(self._frames) - missed :])

    def all(self, known: Mapping[str, Mapping[str, object]]) -> bytes:
        """Frames of everything that is known now, by the name of its event."""
        return b"".join(self.frame(kind, data) for kind, data in known.items())

    def frame(self, kind: str, data: Mapping[str, object]) -> bytes:
        """An event as it goes over the wire, with the newest number: not held, for it needs no replay."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        return f"event: {kind}\nid: {self._series}-{self._number}\ndata: {text}\n\n".encode()
