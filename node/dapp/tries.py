"""How often a password may be tried: five wrong ones in five minutes, per account and per address."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

R = TypeVar("R")

ALLOWED = 5
"""Wrong tries in one window."""

WINDOW = 300.0
"""Seconds after which a wrong try is forgotten."""

REMEMBERED = 4_096
"""Keys kept at most; the longest untouched is forgotten first, so a flood of names cannot fill the memory."""


@dataclass
class Tries:
    """Wrong tries of the last minutes, in memory: a restart forgets them, which costs an attacker more."""

    _times: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def wait(self, account: str, address: str, now: float) -> float:
        """Seconds until this account may be tried from this address; 0 when it may be tried now.

        Args:
            account: the name given, in lower case.
            address: where the request comes from.
            now: monotonic seconds.
        """
        return max(self._wait(key, now) for key in _keys(account, address))

    def counted(self, account: str, address: str, now: float, check: Callable[[], R]) -> R:
        """Check something as one try: what it finds. If that is nothing, the try was a wrong one.

        It counts as wrong before it is checked: many requests at the same time get no more tries than one
        after another. Ask `wait` before.
        """
        self.failed(account, address, now)
        found = check()
        if found:
            self.succeeded(account, address)
        return found

    def failed(self, account: str, address: str, now: float) -> None:
        """Count one wrong try."""
        self._count(_keys(account, address), now)

    def failed_at(self, address: str, now: float) -> None:
        """Count one wrong try that named no account: a token's."""
        self._count(_keys("", address)[1:], now)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the wrong tries of who got in."""
        for key in _keys(account, address):
            self._times.pop(key, None)

    def _count(self, keys: Iterable[str], now: float) -> None:
        for key in keys:
            self._times[key] = [*self._recent(key, now), now]
            self._times.move_to_end(key)
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)

    def _wait(self, key: str, now: float) -> float:
        recent = self._recent(key, now)
        return max(recent[-ALLOWED] + WINDOW - now, 0.0) if len(recent) >= ALLOWED else 0.0

    def _recent(self, key: str, now: float) -> list[float]:
        return [at for at in self._times.get(key, []) if now - at < WINDOW][-ALLOWED:]


def _keys(account: str, address: str) -> tuple[str, str]:
    return f"account {account[:64]}", f"address {address}"
