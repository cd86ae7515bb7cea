"""What can go wrong in the pages' own room.

DappError
├── NoUsers       nobody can log in yet: no password was made
└── NotFound      what was asked for is not there (a block, a transaction, a trade)
"""

from __future__ import annotations


class DappError(Exception):
    """Any failure of this room. Messages say what happened and what to do."""


class NoUsers(DappError):
    """No password was made yet."""


class NotFound(DappError):
    """What was asked for is not there."""
