"""What can be wrong with a configuration. Every problem names its file, line, key
and fix; all are told at once.

chain.errors.Misconfigured   exit code 78
└── ConfigError              one or several problems
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.errors import Misconfigured


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: Path
    line: int
    """Counted from 1; 0 stands for the file as a whole."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what to do about it."""

    place: Place
    key: str
    """Dotted, as `trading.limit`; empty for the file as a whole."""
    what: str
    """`quantities.said.Said` where it is of a household: its pages say it in the reader's language."""

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.what}" if self.key else f"{self.place}: {self.what}"


class ConfigError(Misconfigured):
    """A configuration that cannot be used: its problems, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
