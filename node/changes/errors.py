"""What is none of a change.

ChangeError
└── Uneditable         a file in which a key cannot be changed without touching others
"""

from __future__ import annotations


class ChangeError(Exception):
    """The base of this package's errors."""


class Uneditable(ChangeError):
    """This file cannot be changed key by key, and what to do instead: `quantities.said.Said`."""
