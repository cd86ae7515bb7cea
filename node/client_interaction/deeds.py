"""The sellers' deeds in `trade.db`, kept in memory as well: a decision asks for them all the time."""

from __future__ import annotations

from collections.abc import Mapping

from node.client_interaction.behaviour import Conduct, Deed
from node.wallet.database import Database

TABLES = """
CREATE TABLE deeds (
    number INTEGER PRIMARY KEY, account TEXT NOT NULL, "order" TEXT NOT NULL, what TEXT NOT NULL,
    at REAL NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX deeds_of_account ON deeds (account, number);
"""

REMEMBERED = 100
"""Of each seller, the last so many are looked at: with a trade a day those of three months."""


class Deeds:
    """The repository, for the one process that writes it."""

    def __init__(self, database: Database) -> None:
        """Read what is known from an open database that has `TABLES`."""
        self._database = database
        self._known: Mapping[str, tuple[Deed, ...]] = {}
        for [account] in database.rows("SELECT DISTINCT account FROM deeds"):
            rows = database.rows(
                "SELECT * FROM deeds WHERE account = ? ORDER BY number DESC LIMIT ?", (account, REMEMBERED)
            )
            self._known = {
                **self._known,
                account: tuple(
                    Deed(account=account, order=row["order"], what=Conduct(row["what"]), at=row["at"],
                         why=row["why"])
                    for row in reversed(rows)
                ),
            }  # fmt: skip

    def of(self, account: str) -> tuple[Deed, ...]:
        """The last of one seller, oldest first."""
        return self._known.get(account.lower(), ())

    def record(self, deed: Deed) -> None:
        """Keep one more."""
        with self._database.transaction() as connection:
            connection.execute(
                'INSERT INTO deeds (account, "order", what, at, why) VALUES (?, ?, ?, ?, ?)',
                (deed.account, deed.order, deed.what, deed.at, deed.why),
            )
        self._known = {**self._known, deed.account: (*self.of(deed.account), deed)[-REMEMBERED:]}
