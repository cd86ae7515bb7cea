"""What came of what was asked, and what of it is in force: in `trade.db`, written by client-interaction only.

An answer, its effect and the journal's row for it are one durable transaction, and an id is answered once: so
whatever is asked is done once, however often the process is killed in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from node.intents.errors import Malformed
from node.intents.kinds import LIMITS, BuyNow, Limit, OwnOffer, SetOffer, read, write
from node.intents.overrides import Override, Overrides
from node.intents.wishes import Asked
from node.wallet.database import Database
from node.wallet.journal import UNDER_WAY, Stage
from quantities import Price, SoC, Tokens
from store import sqlite

TABLES = """
CREATE TABLE intents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL,
    asked_by TEXT NOT NULL, asked_at REAL NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL,
    at REAL NOT NULL, boot TEXT NOT NULL, boottime REAL NOT NULL,
    "order" TEXT, sent TEXT  -- of what it made: an order, or tokens in base units
) STRICT;
CREATE INDEX intents_by_boottime ON intents (boot, boottime);
CREATE TABLE wishes (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, asked_by TEXT NOT NULL,
    at REAL NOT NULL, boot TEXT NOT NULL, boottime REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""

PAUSED, STOPPED = "paused", "stopped"
LIMIT, OFFER = "limit:", "offer:"
"""Names of wishes; those of limits and offers go on with which."""

DAY, HOUR = 86_400.0, 3_600.0


def purpose(intent: str) -> str:
    """Under which the journal keeps the transaction of an intent."""
    return f"intent:{intent}"


class Outcome(StrEnum):
    """How an intent was answered. One that is not answered in time has expired; nobody writes that down."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One moment, on both clocks."""

    wall: float
    """Unix seconds."""

    boot: str
    boottime: float
    """Seconds."""

    def since(self, earlier: Moment) -> float:
        """Seconds that have passed at least: never too many, whichever clock was set in between.

        Of two clocks the slower one counts. Over a reboot there is only the wall clock.
        """
        by_wall = self.wall - earlier.wall
        if self.boot != earlier.boot:
            return max(by_wall, 0.0)
        return max(min(by_wall, self.boottime - earlier.boottime), 0.0)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one intent."""

    id: str
    kind: str
    body: str
    by: str
    asked_at: float
    """Unix seconds, as the DApp says."""

    outcome: Outcome
    text: str
    """A sentence."""

    at: Moment
    order: str | None = None
    """Bought by it."""

    sent: Tokens = Tokens(0)  # noqa: RUF009 - frozen
    """Given away by it."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is in force beside the configuration."""

    paused: Asked | None
    stopped: tuple[Asked, Moment] | None
    """By whom, and since when, on both clocks."""

    overrides: Overrides


class Answers:
    """The repository, for the one process that writes it."""

    def __init__(self, database: Database) -> None:
        """Use an open database that has `TABLES`, and the journal's."""
        self._database = database

    def known(self, intent: str) -> bool:
        """Whether it was answered."""
        return bool(self._database.rows("SELECT 1 FROM intents WHERE id = ?", (intent,)))

    def add(self, answer: Answer) -> None:
        """Keep an answer, together with its effect when called inside of a transaction.

        Raises:
            sqlite3.IntegrityError: it was answered before.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO intents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    answer.id, answer.kind, answer.body, answer.by, answer.asked_at, answer.outcome,
                    answer.text, answer.at.wall, answer.at.boot, answer.at.boottime, answer.order,
                    str(answer.sent.value) if answer.sent else None,
                ),
            )  # fmt: skip

    def wish(self, name: str, value: str, asked: Asked, at: Moment) -> None:
        """Put something in force, in the place of what was."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO wishes VALUES (?, ?, ?, ?, ?, ?)",
                (name, value, asked.by, at.wall, at.boot, at.boottime),
            )

    def withdraw(self, *names: str) -> None:
        """Put it out of force."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM wishes WHERE name = ?", [(name,) for name in names])

    def standing(self) -> Standing:
        """What is in force."""
        return _standing(self._database.rows("SELECT * FROM wishes"))

    def sent_within_a_day(self, now: Moment) -> Tokens:
        """What was given away in the last 24 hours; a transfer that failed counts as well.

        Over a reboot two hours more are looked back: the clock may have been an hour slow then, and be an
        hour fast now.
        """
        rows = self._database.rows("SELECT sent, at, boot, boottime FROM intents WHERE sent IS NOT NULL")
        return Tokens(sum(int(row["sent"]) for row in rows if _within_a_day(_moment(row), now)))

    def answered_within_a_minute(self, now: Moment) -> int:
        """How many were answered in this boot's last minute."""
        query = "SELECT count(*) FROM (SELECT 1 FROM intents WHERE boot = ? AND boottime > ?)"
        return int(self._database.rows(query, (now.boot, now.boottime - 60.0))[0][0])

    def outgoing(self) -> Tokens:
        """What is on its way to others and in no block: the chain's balance still counts it as ours."""
        rows = self._database.rows(
            "SELECT sent FROM journal JOIN intents ON intents.id = substr(purpose, 8) "  # noqa: S608
            f"WHERE {UNDER_WAY} AND state <> ? AND purpose LIKE 'intent:%' AND sent IS NOT NULL",
            (Stage.MINED,),
        )
        return Tokens(sum(int(row["sent"]) for row in rows))

    def by_hand(self) -> frozenset[str]:
        """The latest orders for an amount that was asked for."""
        rows = self._database.rows(
            'SELECT kind, body, "order" FROM intents WHERE kind = \'buy\' AND "order" IS NOT NULL '
            "ORDER BY number DESC LIMIT 50"
        )
        return frozenset(row["order"] for row in rows if _amount_asked(row))


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer, and how far its effect is by the journal or the trades."""

    answer: Answer
    transaction: str | None = None
    stage: Stage | None = None
    """Of the transaction."""

    error: str = ""
    trade: str | None = None
    """State of the order."""


class AnswersReader:
    """The answers as another process sees them. Short-lived: one a request (`store.sqlite.open_reader`)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use an open, read-only connection."""
        self._connection = connection

    def latest(self, count: int) -> list[Told]:
        """The newest first."""
        rows = self._connection.execute(
            "SELECT intents.*, journal.hash, journal.state AS stage, journal.error, trades.state AS trade "
            "FROM intents LEFT JOIN journal ON journal.purpose = 'intent:' || intents.id "
            'LEFT JOIN trades ON trades."order" = intents."order" ORDER BY intents.number DESC LIMIT ?',
            (count,),
        )
        return [_told(row) for row in rows]

    def find(self, intent: str) -> Told | None:
        """One."""
        row = self._connection.execute(
            "SELECT intents.*, journal.hash, journal.state AS stage, journal.error, trades.state AS trade "
            "FROM intents LEFT JOIN journal ON journal.purpose = 'intent:' || intents.id "
            'LEFT JOIN trades ON trades."order" = intents."order" WHERE intents.id = ?',
            (intent,),
        ).fetchone()
        return None if row is None else _told(row)

    def standing(self) -> Standing:
        """What is in force."""
        return _standing(self._connection.execute("SELECT * FROM wishes").fetchall())


@contextmanager
def open_answers(path: Path) -> Iterator[AnswersReader]:
    """Read `trade.db`, whether client-interaction runs or not.

    Raises:
        store.errors.Unopenable: absent (client-interaction has never run), no permission, or not a database.
    """
    with closing(sqlite.open_reader(path)) as connection:
        yield AnswersReader(connection)


def limit_value(value: SoC | Price | Tokens) -> str:
    """A limit as the table of wishes holds it."""
    return str(value.value)


def offer_value(contact: int, offer: OwnOffer) -> str:
    """An offer as the table of wishes holds it: as it was asked."""
    return write(SetOffer(contact=contact, offer=offer))[1]


def _standing(rows: list[sqlite3.Row]) -> Standing:
    paused: Asked | None = None
    stopped: tuple[Asked, Moment] | None = None
    limits: dict[Limit, Override[SoC | Price | Tokens]] = {}
    offers: dict[int, Override[OwnOffer]] = {}
    for row in rows:
        name, asked = row["name"], Asked(by=row["asked_by"], at=row["at"])
        if name == PAUSED:
            paused = asked
        elif name == STOPPED:
            stopped = asked, _moment(row)
        elif name.startswith(LIMIT):
            limit = Limit(name.removeprefix(LIMIT))
            limits[limit] = Override(value=LIMITS[limit][0](int(row["value"])), asked=asked)
        else:
            set_offer = read("offer", row["value"])
            if isinstance(set_offer, SetOffer) and set_offer.offer is not None:
                offers[set_offer.contact] = Override(value=set_offer.offer, asked=asked)
    return Standing(paused=paused, stopped=stopped, overrides=Overrides(limits=limits, offers=offers))


def _within_a_day(then: Moment, now: Moment) -> bool:
    return now.since(then) < (DAY if then.boot == now.boot else DAY + 2 * HOUR)


def _moment(row: sqlite3.Row) -> Moment:
    return Moment(wall=row["at"], boot=row["boot"], boottime=row["boottime"])


def _amount_asked(row: sqlite3.Row) -> bool:
    try:
        intent = read(row["kind"], row["body"])
    except Malformed:
        return False
    return isinstance(intent, BuyNow) and intent.energy is not None


def _told(row: sqlite3.Row) -> Told:
    answer = Answer(
        id=row["id"],
        kind=row["kind"],
        body=row["body"],
        by=row["asked_by"],
        asked_at=row["asked_at"],
        outcome=Outcome(row["outcome"]),
        text=row["text"],
        at=_moment(row),
        order=row["order"],
        sent=Tokens(int(row["sent"] or 0)),
    )
    return Told(
        answer=answer,
        transaction=row["hash"],
        stage=None if row["stage"] is None else Stage(row["stage"]),
        error=row["error"] or "",
        trade=row["trade"],
    )
