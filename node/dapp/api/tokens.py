"""App tokens, in `dapp.db`: what a program shows instead of a person's password, and how much it may see.

A token is 32 random bytes, shown once; the file keeps its SHA-256. Nobody guesses that, so a fast hash does.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from node.dapp import audit
from node.dapp.errors import NoSuchToken, TokenNameTaken
from node.dapp.users import FILE, MIGRATIONS, SEEN_EVERY
from store import sqlite
from store.shared import Shared

PREFIX = "cw_"
"""By which a token that was published by mistake can be recognised."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")


class Scope(StrEnum):
    """What a token may see. No token changes anything."""

    READINGS = "read:readings"
    """Meters, readings, rollups, energy and what it cost; CitizenWatt's paths."""
    TRADES = "read:trades"
    """Trades with their steps, and what the household's trader does now."""
    RELAY = "read:relay"
    """The relay's contacts."""
    CHAIN = "read:chain"
    """The chain node, the contracts' addresses, the household's balance."""
    METRICS = "metrics"
    """`/metrics`, for Prometheus."""
    HEALTH = "health"
    """`/metrics` without meters and battery: for who looks after the hosts of others."""


@dataclass(frozen=True, kw_only=True)
class AppToken:
    """One token, without its secret."""

    name: str
    scopes: frozenset[Scope]
    created: float
    """Unix seconds."""
    used: float | None
    """Unix seconds, exact to ten minutes; None: never."""
    expires: float | None
    """Unix seconds; None: never."""


class AppTokens(Shared):
    """The tokens of one household; threads share it."""

    def __init__(self, state: Path) -> None:
        """Open `dapp.db` in the state folder, or make it.

        Raises:
            StoreError: it cannot be written, or is of a newer version.
        """
        super().__init__(state / FILE, MIGRATIONS)

    def create(
        self,
        name: str,
        scopes: Iterable[Scope],
        at: float,
        expires: float | None = None,
        by: str = "the box",
    ) -> str:
        """Make a token: its secret, to be shown once.

        Args:
            at: Unix seconds. expires: likewise.
            by: who does it, for the record.

        Raises:
            TokenNameTaken: there is one of this name.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        written = " ".join(sorted(set(scopes)))
        try:
            with self._lock, sqlite.transaction(self._db):
                self._db.execute(
                    "INSERT INTO app_tokens (name, hash, scopes, created, expires) VALUES (?, ?, ?, ?, ?)",
                    (name, _hashed(secret), written, at, expires),
                )
                audit.record(self._db, at=at, by=by, about=f"token {name}", what=f"made, for {written}")
        except sqlite3.IntegrityError:
            raise TokenNameTaken(
                f"there is a token {name} already: revoke it first (commonwatt token revoke {name}), "
                "or choose another name"
            ) from None
        return secret

    def revoke(self, name: str, at: float | None = None, by: str = "the box") -> None:
        """Let a token open nothing any more, from now on.

        Args:
            at: Unix seconds; now when not given.
            by: who does it, for the record.

        Raises:
            NoSuchToken: there is none of this name.
        """
        with self._lock, sqlite.transaction(self._db):
            gone = self._db.execute("DELETE FROM app_tokens WHERE name = ?", (name,)).rowcount
            if gone:
                moment = time.time() if at is None else at
                audit.record(self._db, at=moment, by=by, about=f"token {name}", what="revoked")
        if not gone:
            raise NoSuchToken(f"there is no token {name}: commonwatt token list names those that are")

    def all(self) -> list[AppToken]:
        """Every token, by name."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM app_tokens ORDER BY name").fetchall()
        return [_token(row) for row in rows]

    def holder(self, secret: str, at: float) -> AppToken | None:
        """Whose token this is; None when it is none of ours, revoked, or expired.

        Args:
            at: Unix seconds.
        """
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM app_tokens WHERE hash = ? AND (expires IS NULL OR expires > ?)",
                (_hashed(secret), at),
            ).fetchone()
            if row is not None and at - (row["used"] or 0.0) > SEEN_EVERY:
                with sqlite.transaction(self._db):
                    self._db.execute("UPDATE app_tokens SET used = ? WHERE name = ?", (at, row["name"]))
        return None if row is None else _token(row)


def _token(row: sqlite3.Row) -> AppToken:
    known = frozenset(Scope(word) for word in row["scopes"].split() if word in set(Scope))
    return AppToken(
        name=row["name"], scopes=known, created=row["created"], used=row["used"], expires=row["expires"]
    )


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
