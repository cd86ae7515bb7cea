"""What a check can find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Ok:
    """As it should be."""

    what: str


@dataclass(frozen=True)
class Warned:
    """Works, but somebody should look at it."""

    what: str
    advice: str


@dataclass(frozen=True)
class Failed:
    """Does not work."""

    what: str
    advice: str


Finding: TypeAlias = Ok | Warned | Failed
