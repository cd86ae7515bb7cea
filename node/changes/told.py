"""What the pages are told of the configuration: the fields of its form, and what is wrong with a request.

Told as JSON by a process that reads the configuration, to one that does not carry what that takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from node.changes.request import Key


@dataclass(frozen=True, kw_only=True)
class Field:
    """One key, as a form shows it."""

    key: Key
    name: str
    """Dotted."""

    value: str
    """As it would be written in the file; empty: it is not given, and has no default."""

    own: bool
    """Whether the family's file says it; else it is the rollout's, or the default."""

    default: str
    unit: str
    """Empty: none."""

    options: tuple[str, ...]
    """Words to choose from; none: anything."""

    meaning: str
    required: bool
    """Whether it can be left out."""

    fixed: bool
    """It names a file, so it is changed at the box."""

    trader: bool
    """Whether the trader starts anew for it."""


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with what was asked for."""

    key: str
    """Dotted; empty: it concerns the whole."""

    what: str
    """`quantities.said.Said`, for whoever shows it in another language."""
    line: int = 0
    """Of the family's file; 0: none."""
