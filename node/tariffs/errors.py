"""What can go wrong with tariffs.

TariffError
└── BadIntervals    a file of prices by interval cannot be read
"""

from __future__ import annotations


class TariffError(Exception):
    """Any failure of this room. Messages say what happened and what to do."""


class BadIntervals(TariffError):
    """A file of prices cannot be read; the message names the line."""
