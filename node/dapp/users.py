"""Who may look: users with argon2 passwords and their sessions, in `dapp.db`.

There is no default password: `set_password` makes one, which is shown once. A session is a random token in a
signed cookie; the file keeps only its SHA-256, so a copied file opens no page. A new password ends them.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from node.intents import book
from store import sqlite

FILE = "dapp.db"
FIRST_USER = "home"

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second recommendation (19 MiB, 2 rounds): a Pi has no 64 MiB to spare for each try.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html"""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0, 1: the password is read from a screen and typed into a phone."""

SEEN_EVERY = 600.0
"""Seconds between two notes that a session is in use: a page view is no reason to write to an SD card."""

MIGRATIONS = (
    """
    CREATE TABLE users (
        name TEXT PRIMARY KEY,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'operator')),
        password TEXT NOT NULL,
        changed REAL NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        token TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
        began REAL NOT NULL,
        seen REAL NOT NULL
    ) STRICT;
    CREATE INDEX sessions_by_user ON sessions (user);
    """,
    book.TABLES,
    """
    CREATE TABLE app_tokens (
        name TEXT PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created REAL NOT NULL,
        used REAL,
        expires REAL
    ) STRICT;
    -- The numbers by which CitizenWatt's clients know the meters: given once, never again.
    CREATE TABLE sensor_numbers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
    """,
)


@dataclass(frozen=True)
class User:
    """Somebody who is logged in."""

    name: str
    role: str


def set_password(state_dir: Path, name: str = FIRST_USER, role: str = "operator") -> str:
    """Make a user with a new random password, or give an existing one a new password; its sessions end.

    Returns:
        The password, to be shown once: it is kept nowhere.

    Raises:
        StoreError: the state folder cannot be written.
    """
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    users = Users(state_dir / FILE)
    try:
        users.put(name, role, password, at=time.time())
    finally:
        users.close()
    return password


def has_users(state_dir: Path) -> bool:
    """Whether a password was ever made here."""
    if not (state_dir / FILE).exists():
        return False
    users = Users(state_dir / FILE)
    try:
        return users.any()
    finally:
        users.close()


class Users:
    """The tables of `dapp.db`; threads share one connection behind a lock."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it cannot be written, or is of a newer version.
        """
        self._db: sqlite3.Connection = sqlite.open_writer(path, "full")
        sqlite.migrate(self._db, MIGRATIONS)
        self._lock = threading.Lock()
        self._hashing = threading.Lock()
        self._nobody = HASHER.hash(secrets.token_hex())

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def any(self) -> bool:
        """Whether there is a user at all."""
        with self._lock:
            return self._db.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None

    def put(self, name: str, role: str, password: str, at: float) -> None:
        """Make or change a user; every session of theirs ends.

        Args:
            at: Unix seconds.
        """
        hashed = HASHER.hash(password)
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._db.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET role = excluded.role, password = excluded.password, changed = excluded.changed",
                (name, role, hashed, at),
            )

    def begin(self, name: str, password: str, at: float) -> str | None:
        """Log in: a new session's token, or None when name or password is wrong."""
        if not self.check(name, password):
            return None
        token = secrets.token_urlsafe(32)
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (_hashed(token), name, at, at))
        return token

    def check(self, name: str, password: str) -> bool:
        """Whether name and password go together.

        An unknown name costs as much time as a wrong password. One hash at a time, for the memory's sake.
        """
        with self._lock:
            row = self._db.execute("SELECT password FROM users WHERE name = ?", (name,)).fetchone()
        with self._hashing:
            try:
                HASHER.verify(row["password"] if row else self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return row is not None

    def holder(self, token: str, at: float, lasting: float) -> User | None:
        """Whose session this is; None when it ended, or was not used for `lasting` seconds."""
        with self._lock:
            row = self._db.execute(
                "SELECT name, role, seen FROM sessions JOIN users ON users.name = sessions.user "
                "WHERE token = ? AND seen > ?",
                (_hashed(token), at - lasting),
            ).fetchone()
            if row is None:
                return None
            if at - row["seen"] > SEEN_EVERY:
                with sqlite.transaction(self._db):
                    self._db.execute("UPDATE sessions SET seen = ? WHERE token = ?", (at, _hashed(token)))
                    self._db.execute("DELETE FROM sessions WHERE seen <= ?", (at - lasting,))
        return User(row["name"], row["role"])

    def end(self, token: str) -> None:
        """Log out."""
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("DELETE FROM sessions WHERE token = ?", (_hashed(token),))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
