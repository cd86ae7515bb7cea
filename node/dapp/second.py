"""The second factor: a code of an authenticator app, or one of ten recovery codes, each good for one use.

`dapp.db` holds a salt only; the secret follows from it and the key of the session cookies, which nobody else
can read. So a copy of the database makes no codes. Recovery codes are kept as their SHA-256: they are random,
so there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
from pathlib import Path

from node.dapp import audit, totp
from store import sqlite

TABLES = """
    CREATE TABLE second_factors (
        user TEXT PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
        salt BLOB NOT NULL,
        confirmed REAL,
        used INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE recovery_codes (
        hash TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE
    ) STRICT;
"""

RECOVERY_CODES = 10


class SecondFactors:
    """Everybody's second factor; threads share one connection behind a lock."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open the file; its tables are made by `node.dapp.users`.

        Args:
            path: of `dapp.db`.
            key: of the session cookies.

        Raises:
            StoreError: it cannot be opened.
        """
        self._db: sqlite3.Connection = sqlite.open_writer(path, "full")
        self._lock = threading.Lock()
        self._key = key

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def has(self, user: str) -> bool:
        """Whether this user's grave requests take a code."""
        with self._lock:
            return (row := self._row(user)) is not None and row["confirmed"] is not None

    def begin(self, user: str) -> None:
        """Make a new secret, to be shown, and not in force before a code of it was given."""
        with self._lock, sqlite.transaction(self._db):
            self._db.execute(
                "INSERT INTO second_factors VALUES (?, ?, NULL, 0) ON CONFLICT (user) DO UPDATE "
                "SET salt = excluded.salt, used = 0 WHERE confirmed IS NULL",
                (user, secrets.token_bytes(16)),
            )

    def secret(self, user: str) -> bytes | None:
        """What an app must be told; None when there is none to be set up. Never shown once it is in force."""
        with self._lock:
            row = self._row(user)
        return None if row is None or row["confirmed"] is not None else self._secret(user, row["salt"])

    def confirm(self, user: str, code: str, at: float) -> list[str] | None:
        """Put the secret in force, because its app gives the right code.

        Returns:
            The recovery codes, to be shown once; None: the code is wrong, or nothing is to be confirmed.
        """
        with self._lock, sqlite.transaction(self._db):
            row = self._row(user)
            if row is None or row["confirmed"] is not None:
                return None
            step = totp.accepted(self._secret(user, row["salt"]), code, at, row["used"])
            if step is None:
                return None
            self._db.execute(
                "UPDATE second_factors SET confirmed = ?, used = ? WHERE user = ?", (at, step, user)
            )
            codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(RECOVERY_CODES)]
            self._db.executemany(
                "INSERT INTO recovery_codes VALUES (?, ?)", [(_hashed(user, each), user) for each in codes]
            )
            audit.record(self._db, at=at, by=user, about=user, what="set up a second factor")
        return codes

    def check(self, user: str, code: str, at: float) -> bool:
        """Whether this is the right code now; it is good for this once."""
        with self._lock, sqlite.transaction(self._db):
            row = self._row(user)
            if row is None or row["confirmed"] is None:
                return False
            step = totp.accepted(self._secret(user, row["salt"]), code, at, row["used"])
            if step is not None:
                self._db.execute("UPDATE second_factors SET used = ? WHERE user = ?", (step, user))
                return True
            spent = self._db.execute(
                "DELETE FROM recovery_codes WHERE hash = ? AND user = ?", (_hashed(user, code), user)
            ).rowcount
            if spent:
                left = self._left(user)
                audit.record(
                    self._db, at=at, by=user, about=user, what=f"used a recovery code; {left} are left"
                )
            return bool(spent)

    def left(self, user: str) -> int:
        """Recovery codes that were not used yet."""
        with self._lock:
            return self._left(user)

    def remove(self, user: str, at: float, by: str) -> bool:
        """Ask this user for no code any more; False: there was none."""
        with self._lock, sqlite.transaction(self._db):
            gone = self._db.execute("DELETE FROM second_factors WHERE user = ?", (user,)).rowcount
            self._db.execute("DELETE FROM recovery_codes WHERE user = ?", (user,))
            if gone:
                audit.record(self._db, at=at, by=by, about=user, what="removed the second factor")
        return bool(gone)

    def _row(self, user: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(
            "SELECT salt, confirmed, used FROM second_factors WHERE user = ?", (user,)
        ).fetchone()
        return row

    def _left(self, user: str) -> int:
        found = self._db.execute("SELECT count(*) FROM recovery_codes WHERE user = ?", (user,)).fetchone()
        return int(found[0])

    def _secret(self, user: str, salt: bytes) -> bytes:
        return hmac.digest(self._key, b"second factor\0" + user.encode() + b"\0" + salt, hashlib.sha256)[:20]


def _hashed(user: str, code: str) -> str:
    typed = "".join(code.lower().split()).replace("-", "")
    return hashlib.sha256(f"{user}\0{typed}".encode()).hexdigest()
