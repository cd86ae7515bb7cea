"""A session makes every signature good for one connection of one boot, and once only.

    session id = boot number (4 bytes) ‖ random (12) ‖ connection (4) ‖ random (12)

The id is in each signed frame, and n rises, so that no frame can be replayed: not on this connection, not on
another, not after a reboot, not even if the random numbers of two boots should agree.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

RANDOM_BYTES = 12


@dataclass
class Session:
    """What one connection has shown so far."""

    id: bytes
    """32 bytes."""

    n: int = 0
    """Of the last frame whose signature was good."""

    account: str | None = None
    """Who signed it."""

    def takes(self, n: int) -> bool:
        """Whether a frame with this number could be the next."""
        return n > self.n

    def passed(self, n: int, account: str) -> None:
        """A frame was good; no other may have its number or a lower one."""
        self.n, self.account = n, account


def sessions(boot: int) -> Iterator[Session]:
    """The sessions of one boot, each with its own id."""
    ours = boot.to_bytes(4) + secrets.token_bytes(RANDOM_BYTES)
    for connection in itertools.count():
        yield Session(id=ours + (connection % 2**32).to_bytes(4) + secrets.token_bytes(RANDOM_BYTES))
