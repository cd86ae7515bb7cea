"""A process that dies at one of its steps, as by SIGKILL."""

from __future__ import annotations

from typing import Any

import pytest


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


def dies(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, after: bool) -> None:
    """Let the process die before or after one step, a method of a class."""
    real = getattr(owner, name)

    def deadly(*arguments: Any, **named: Any) -> Any:
        if after:
            real(*arguments, **named)
        raise Killed

    monkeypatch.setattr(owner, name, deadly)
