"""Who may look: users with argon2 passwords and their sessions, in `dapp.db`.

There is no default password: `set_password` makes one, which is shown once. A session is a random token in a
signed cookie; the file keeps only its SHA-256, so a copied file opens no page. A new password, or another
role, ends them. Every change is recorded with who made it and when (`node.dapp.audit`).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from node.dapp import audit, second
from node.dapp.errors import LastOperator, NoSuchUser, UserTaken
from node.dapp.permission import Role
from node.intents import book
from store import sqlite
from store.shared import Shared

FILE = "dapp.db"
FIRST_USER = "home"

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second recommendation (19 MiB, 2 rounds): a Pi has no 64 MiB to spare for each try.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html"""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0, 1: the password is read from a screen and typed into a phone."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}\Z")
"""Of a user."""

LONGEST_PASSWORD = 256
"""Characters; hashing more is work for nothing."""

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
    f"ALTER TABLE sessions ADD COLUMN proved REAL; {second.TABLES} {audit.TABLE}",
    """
    -- only adds
    -- The first run (node.dapp.claims): the one code that lets somebody make the first password, and the
    -- steps that somebody said are done.
    CREATE TABLE setup_codes (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        code TEXT NOT NULL,
        made REAL NOT NULL,
        wrong INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE first_run (step TEXT PRIMARY KEY, by TEXT NOT NULL, at REAL NOT NULL) STRICT;
    """,
)


@dataclass(frozen=True)
class User:
    """Somebody who is logged in."""

    name: str
    role: str
    proved: float | None = None
    """When this session last gave a second factor, Unix seconds."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A user, as the list shows it."""

    name: str
    role: str
    changed: float
    """When the password was made, Unix seconds."""

    seen: float | None
    """When a page was last looked at, within ten minutes; None: there is no session."""

    second_factor: bool


def set_password(
    state_dir: Path, name: str = FIRST_USER, role: str = Role.OPERATOR, by: str = "the box"
) -> str:
    """Make a user with a new random password, or give an existing one a new password; its sessions end.

    Args:
        role: of a user who is not there yet; one who is keeps theirs.
        by: who does it, for the record.

    Returns:
        The password, to be shown once: it is kept nowhere.

    Raises:
        StoreError: the state folder cannot be written.
    """
    password, users = new_password(), Users(state_dir / FILE)
    try:
        users.put(
            name, next((u.role for u in users.all() if u.name == name), role), password, time.time(), by
        )
    finally:
        users.close()
    return password


def new_password() -> str:
    """Sixteen random letters in groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def has_users(state_dir: Path, name: str | None = None) -> bool:
    """Whether a password was ever made here, or one for this user."""
    if not (state_dir / FILE).exists():
        return False
    users = Users(state_dir / FILE)
    try:
        return users.any() if name is None else any(user.name == name for user in users.all())
    finally:
        users.close()


class Users(Shared):
    """The tables of `dapp.db`; threads share one connection behind a lock."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it cannot be written, or is of a newer version.
        """
        super().__init__(path, MIGRATIONS)
        self._hashing = threading.Lock()
        self._nobody = HASHER.hash(secrets.token_hex())

    def any(self) -> bool:
        """Whether there is a user at all."""
        with self._lock:
            return self._db.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None

    def all(self) -> list[Listed]:
        """Everybody, by name."""
        with self._lock:
            rows = self._db.execute(
                "SELECT name, role, changed, (SELECT max(seen) FROM sessions WHERE user = name) AS seen, "
                "EXISTS (SELECT 1 FROM second_factors WHERE user = name AND confirmed IS NOT NULL) "
                "AS second_factor FROM users ORDER BY name"
            ).fetchall()
        return [Listed(**{**dict(row), "second_factor": bool(row["second_factor"])}) for row in rows]

    def put(self, name: str, role: str, password: str, at: float, by: str = "the box") -> None:
        """Make or change a user; every session of theirs ends.

        Args:
            at: Unix seconds.
            by: who does it, for the record.
        """
        hashed = self._hash(password)
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._db.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET role = excluded.role, password = excluded.password, changed = excluded.changed",
                (name, role, hashed, at),
            )
            audit.record(self._db, at=at, by=by, about=name, what=f"new password, as {role}")

    def add(self, name: str, role: Role, password: str, at: float, by: str) -> None:
        """Make a user.

        Raises:
            UserTaken: there is one of this name.
        """
        hashed = self._hash(password)
        with self._lock, sqlite.transaction(self._db):
            try:
                self._db.execute("INSERT INTO users VALUES (?, ?, ?, ?)", (name, role, hashed, at))
            except sqlite3.IntegrityError:
                raise UserTaken(
                    f"there is a user {name} already; commonwatt user reset {name} makes a new password"
                ) from None
            audit.record(self._db, at=at, by=by, about=name, what=f"added as {role}")

    def reset(self, name: str, password: str, at: float, by: str) -> None:
        """Give a user a new password; every session of theirs ends.

        Raises:
            NoSuchUser: there is none of this name.
        """
        hashed = self._hash(password)
        with self._lock, sqlite.transaction(self._db):
            self._role(name)
            self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._db.execute("UPDATE users SET password = ?, changed = ? WHERE name = ?", (hashed, at, name))
            audit.record(self._db, at=at, by=by, about=name, what="new password")

    def set_role(self, name: str, role: Role, at: float, by: str) -> None:
        """Give a user another role; every session of theirs ends.

        Raises:
            NoSuchUser: there is none of this name.
            LastOperator: there would be no operator left.
        """
        with self._lock, sqlite.transaction(self._db):
            before = self._role(name)
            if role == before:
                return
            self._keep_an_operator(name, before)
            self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._db.execute("UPDATE users SET role = ? WHERE name = ?", (role, name))
            audit.record(self._db, at=at, by=by, about=name, what=f"{role} instead of {before}")

    def remove(self, name: str, at: float, by: str) -> None:
        """Let a user in no more; the record of what they did stays.

        Raises:
            NoSuchUser: there is none of this name.
            LastOperator: there would be no operator left.
        """
        with self._lock, sqlite.transaction(self._db):
            self._keep_an_operator(name, self._role(name))
            self._db.execute("DELETE FROM users WHERE name = ?", (name,))
            audit.record(self._db, at=at, by=by, about=name, what="removed")

    def _role(self, name: str) -> str:
        row = self._db.execute("SELECT role FROM users WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise NoSuchUser(f"there is no user {name}; commonwatt user list names them")
        return str(row["role"])

    def _keep_an_operator(self, name: str, role: str) -> None:
        others = "SELECT 1 FROM users WHERE role = 'operator' AND name <> ?"
        if role == Role.OPERATOR and self._db.execute(others, (name,)).fetchone() is None:
            raise LastOperator(f"{name} is the only operator: make another one first (commonwatt user role)")

    def _hash(self, password: str) -> str:
        with self._hashing:
            return HASHER.hash(password)

    def record(self, *, at: float, by: str, about: str, what: str) -> None:
        """Add an entry about something that is kept elsewhere."""
        with self._lock, sqlite.transaction(self._db):
            audit.record(self._db, at=at, by=by, about=about, what=what)

    def audit(self, count: int, below: int | None = None) -> list[audit.Entry]:
        """The newest changes, or those with a number below one."""
        with self._lock:
            return audit.latest(self._db, count, below)

    def begin(self, name: str, password: str, at: float) -> str | None:
        """Log in: a new session's token, or None when name or password is wrong."""
        if not self.check(name, password):
            return None
        token = secrets.token_urlsafe(32)
        with self._lock, sqlite.transaction(self._db):
            self._db.execute(
                "INSERT INTO sessions (token, user, began, seen) VALUES (?, ?, ?, ?)",
                (_hashed(token), name, at, at),
            )
        return token

    def prove(self, token: str, at: float) -> None:
        """Note that this session gave a second factor now."""
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("UPDATE sessions SET proved = ? WHERE token = ?", (at, _hashed(token)))

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
                "SELECT name, role, seen, proved FROM sessions JOIN users ON users.name = sessions.user "
                "WHERE token = ? AND seen > ?",
                (_hashed(token), at - lasting),
            ).fetchone()
            if row is None:
                return None
            if at - row["seen"] > SEEN_EVERY:
                with sqlite.transaction(self._db):
                    self._db.execute("UPDATE sessions SET seen = ? WHERE token = ?", (at, _hashed(token)))
                    self._db.execute("DELETE FROM sessions WHERE seen <= ?", (at - lasting,))
        return User(row["name"], row["role"], row["proved"])

    def end(self, token: str) -> None:
        """Log out."""
        with self._lock, sqlite.transaction(self._db):
            self._db.execute("DELETE FROM sessions WHERE token = ?", (_hashed(token),))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
