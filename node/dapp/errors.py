"""What can go wrong in the pages' own room.

DappError
├── NoUsers       nobody can log in yet: no password was made
├── Mistyped      a form's field says nothing that can be understood
├── NotFound      what was asked for is not there (a block, a transaction, a trade)
├── ClaimRefused  nobody makes the first password now, or not by this code
├── UserError     a user
│   ├── NoSuchUser      there is none of this name
│   ├── UserTaken       there is one already
│   └── LastOperator    nobody would be left to look after the household
└── TokenError    an app token
    ├── NoSuchToken     there is none of this name
    └── TokenNameTaken  there is one already
"""

from __future__ import annotations


class DappError(Exception):
    """Any failure of this room. Messages say what happened and what to do."""


class NoUsers(DappError):
    """No password was made yet."""


class Mistyped(DappError):
    """A field of a form; the message says what to write, as a sentence."""


class NotFound(DappError):
    """What was asked for is not there."""


class ClaimRefused(DappError):
    """The first password is not made; the message says why, as a sentence."""


class UserError(DappError):
    """A user cannot be made or changed."""


class NoSuchUser(UserError):
    """There is none of this name."""


class UserTaken(UserError):
    """There is one of this name already."""


class LastOperator(UserError):
    """Nobody would be left to look after the household."""


class TokenError(DappError):
    """An app token cannot be made or revoked."""


class NoSuchToken(TokenError):
    """There is none of this name."""


class TokenNameTaken(TokenError):
    """There is one of this name already."""
