"""What can go wrong with files and databases.

StoreError
├── Unwritable      a file or its folder cannot be written
├── Unopenable      a database is absent, unreachable, or not a database
├── Unreachable     a database server does not answer (it may later)
├── TooNew          a database was written by a newer version of this code
├── MigrationFailed a numbered migration was refused by the database
├── Taken           another process holds what only one may hold
└── MalformedRequest  a file in a folder of requests is none
"""

from __future__ import annotations


class StoreError(Exception):
    """Any failure of this room. Messages say what happened, where, and what to do."""


class Unwritable(StoreError):
    """A file or its folder cannot be written."""


class Unopenable(StoreError):
    """A database is absent, unreadable, or not a database."""


class Unreachable(StoreError):
    """A database server does not answer, or no longer does."""


class TooNew(StoreError):
    """A database was written by a newer version of this code."""


class MigrationFailed(StoreError):
    """A numbered migration was refused; the database is as it was before it."""


class Taken(StoreError):
    """Another process holds what only one may hold."""


class MalformedRequest(StoreError):
    """It is no request as its writer makes them; the message says what is wrong with it."""
