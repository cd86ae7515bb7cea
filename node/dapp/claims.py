"""The first run in `dapp.db`: who may make the first password, and which steps somebody ticked off.

A box without a password would belong to whoever finds its page first. So the first password takes a code that
is made at the box, for one use, one day and five tries in all; the file keeps only its hash.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from argon2.exceptions import InvalidHashError, VerificationError

from node.dapp import audit
from node.dapp.errors import ClaimRefused
from node.dapp.language import N_, ngettext
from node.dapp.language import gettext as _
from node.dapp.permission import Role
from node.dapp.users import FILE, HASHER, LETTERS, MIGRATIONS
from node.first_run.steps import Step
from store import sqlite
from store.shared import Shared

TRIES = 5
"""Wrong ones, whoever made them, after which the code is none any more."""

LASTS = 86_400.0
"""Seconds."""

GROUP, GROUPS = 4, 3
"""Twelve letters of 31: 59 bits, for five tries."""

ANEW = N_("At the box, run: commonwatt user setup-code.")
CLAIMED = N_(
    "This household has its first password already. Log in; a forgotten one is made anew at the box."
)
NONE = N_("There is no setup code now.")
OVER = N_("This setup code is used up or too old.")
WRONG = N_("This is not the code that the box shows: compare it letter by letter.")


def new_code() -> str:
    """A setup code."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def read_code(typed: str) -> str:
    """A code as it was typed: capitals, blanks and missing hyphens are forgiven."""
    letters = "".join(each for each in typed.lower()[:64] if each in LETTERS)
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


class Claims(Shared):
    """For several threads, which share one connection behind a lock."""

    def __init__(self, state: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it cannot be written, or is of a newer version.
        """
        super().__init__(state / FILE, MIGRATIONS)

    @property
    def claimed(self) -> bool:
        """Whether somebody made the first password."""
        with self._lock:
            return self._claimed()

    def make_code(self, at: float, by: str) -> str:
        """A new code in place of any other, to be shown once.

        Args:
            at: Unix seconds.
            by: who does it, for the record.

        Raises:
            ClaimRefused: there is a first password already.
        """
        code = new_code()
        hashed = HASHER.hash(code)
        with self._lock, sqlite.transaction(self._db):
            if self._claimed():
                raise ClaimRefused(_(CLAIMED))
            self._db.execute("INSERT OR REPLACE INTO setup_codes VALUES (1, ?, ?, 0)", (hashed, at))
            audit.record(self._db, at=at, by=by, about="first run", what="made a setup code")
        return code

    def claim(self, typed: str, name: str, password: str, at: float) -> None:
        """Make the first user, an operator, for whoever knows the code; it is used up by that.

        Args:
            at: Unix seconds.

        Raises:
            ClaimRefused: the code is wrong, used up or too old, or somebody was first.
        """
        hashed, left = self._tried(at)
        try:
            HASHER.verify(hashed, read_code(typed))
        except (VerificationError, InvalidHashError):
            raise ClaimRefused(f"{_(WRONG)} {_tries(left)}" if left else _again(OVER)) from None
        kept = HASHER.hash(password)
        with self._lock, sqlite.transaction(self._db):
            spent = self._db.execute("DELETE FROM setup_codes WHERE code = ?", (hashed,)).rowcount
            if not spent or self._claimed():
                raise ClaimRefused(_(CLAIMED))
            self._db.execute("INSERT INTO users VALUES (?, ?, ?, ?)", (name, Role.OPERATOR, kept, at))
            audit.record(self._db, at=at, by="the setup code", about=name, what="claimed this household")

    def ticked(self) -> frozenset[Step]:
        """What somebody said is done."""
        with self._lock:
            rows = self._db.execute("SELECT step FROM first_run").fetchall()
        return frozenset(Step(row["step"]) for row in rows if row["step"] in set(Step))

    def tick(self, step: Step, at: float, by: str) -> None:
        """Note that somebody says so."""
        with self._lock, sqlite.transaction(self._db):
            new = self._db.execute(
                "INSERT OR IGNORE INTO first_run VALUES (?, ?, ?)", (step, by, at)
            ).rowcount
            if new:
                audit.record(self._db, at=at, by=by, about="first run", what=f"done: {step}")

    def _tried(self, at: float) -> tuple[str, int]:
        """The code's hash and how many tries are left after this one, which is counted before it is looked
        at: many at the same time are no more than one after another."""
        with self._lock, sqlite.transaction(self._db):
            if self._claimed():
                raise ClaimRefused(_(CLAIMED))
            row = self._db.execute("SELECT code, made, wrong FROM setup_codes").fetchone()
            if row is None:
                raise ClaimRefused(_again(NONE))
            if row["wrong"] >= TRIES or not 0 <= at - row["made"] < LASTS:
                raise ClaimRefused(_again(OVER))
            self._db.execute("UPDATE setup_codes SET wrong = wrong + 1")
        return str(row["code"]), TRIES - 1 - int(row["wrong"])

    def _claimed(self) -> bool:
        return self._db.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None


def _tries(left: int) -> str:
    return ngettext("One try is left.", "%(num)s tries are left.", left)


def _again(why: str) -> str:
    return f"{_(why)} {_(ANEW)}"


def setup_code(state: Path, at: float, by: str) -> str:
    """Make a code in a household's folder; as `Claims.make_code`."""
    claims = Claims(state)
    try:
        return claims.make_code(at, by)
    finally:
        claims.close()
