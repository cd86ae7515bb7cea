"""What others read in relay.db: the best voucher of each order, how often contacts moved. Read-only.

The table itself is `persistence`'s; readers hold the file open for one look only (see `store.sqlite`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from relay_server.errors import RecordsMissing
from store.errors import Unopenable
from store.sqlite import open_reader

FILE = "relay.db"
"""In `paths.state`."""


@dataclass(frozen=True, kw_only=True)
class BestVoucher:
    """The most that a buyer has signed for under one order."""

    order: bytes
    buyer: str
    contact: int
    energy: int
    """mWh; what `redeem` pays for."""
    signature: bytes
    """65 bytes, over Voucher(order, energy)."""
    delivered: int
    """mWh that this household's meter counted while the order was the one supplied."""
    ended: bool
    """The supply under this order is over: it will not be closed for again unless the buyer asks."""
    at: float
    """Unix seconds of the last change."""


class Records:
    """The records of one relay."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exist(self) -> bool:
        """Whether the relay has ever kept any, as far as can be seen; in doubt it has."""
        try:
            return self._path.exists()
        except OSError:
            return True

    def operations(self) -> dict[int, int]:
        """How often each contact was energised, 0 being home.

        Raises:
            RecordsMissing: relay.db cannot be read.
        """
        rows = self._rows("SELECT contact, operations FROM cycles")
        return {row["contact"]: row["operations"] for row in rows}

    def locks(self) -> dict[int, float]:
        """Since when (Unix seconds) each contact is locked out that is, 0 being home.

        Raises:
            RecordsMissing: relay.db cannot be read.
        """
        return {row["contact"]: row["since"] for row in self._rows("SELECT contact, since FROM locks")}

    def answers(self) -> dict[str, str]:
        """What the pages asked for and was answered, by id: why it was not done, empty where it was.

        Raises:
            RecordsMissing: relay.db cannot be read.
        """
        return {row["id"]: row["problem"] for row in self._rows("SELECT id, problem FROM asked")}

    def boots(self) -> int:
        """How often this relay was started.

        Raises:
            RecordsMissing: relay.db cannot be read.
        """
        return int(self._rows("SELECT coalesce(max(number), 0) FROM boots")[0][0])

    def best_vouchers(self, orders: Sequence[bytes] | None = None) -> list[BestVoucher]:
        """One for each order that has a voucher, oldest first.

        Args:
            orders: only of these; None: of all that there ever were.

        Raises:
            RecordsMissing: relay.db cannot be read.
        """
        among = "" if orders is None else f" AND id IN ({', '.join('?' * len(orders))})"
        rows = self._rows(
            "SELECT id, buyer, contact, vouchered, signature, delivered, ended, changed FROM orders"  # noqa: S608
            f" WHERE signature IS NOT NULL{among} ORDER BY changed, id",
            orders or (),
        )
        return [
            BestVoucher(
                order=row["id"],
                buyer=row["buyer"],
                contact=row["contact"],
                energy=row["vouchered"],
                signature=row["signature"],
                delivered=row["delivered"],
                ended=bool(row["ended"]),
                at=row["changed"],
            )
            for row in rows
        ]

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        try:
            with closing(open_reader(self._path)) as database:
                return database.execute(query, values).fetchall()
        except (Unopenable, sqlite3.Error) as error:
            raise RecordsMissing(str(error)) from error


def open_records(path: Path) -> Records:
    """The records in this relay.db, which need not exist yet."""
    return Records(path)
