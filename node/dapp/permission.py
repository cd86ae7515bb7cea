"""Who may ask for what: the one place where that is decided, before anything is written down."""

from __future__ import annotations

from node.dapp.users import User

ASKING = frozenset({"member", "operator"})
"""Roles whose users may ask for something; viewers look."""


def may_ask(user: User | None) -> bool:
    """Whether this user may ask the household for anything of the closed set."""
    return user is not None and user.role in ASKING
