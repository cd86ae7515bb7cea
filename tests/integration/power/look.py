"""What is on the disk after a power cut, as a fresh process finds it: `python -m … FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from node.readings.checking import check
from node.readings.spool import Spool
from node.readings.sqlite import SqliteReadings
from node.sensors.driver import Quantity
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Journal, Stage
from relay_server import audit
from relay_server.audit import Intact
from relay_server.persistence import Persistence
from store.sqlite import damage
from tests.integration.power.writers import ORDER


def main(folder: Path) -> None:
    """Print it as JSON."""
    names = ("trade.db", "relay.db", "readings.db", "logged.db")
    damaged = [why for name in names if (why := damage(folder / name))]
    trades = Database(folder / "trade.db", (TABLES, VOIDS))
    under_way = Journal(trades).under_way()
    trades.close()
    kept = Persistence(folder / "relay.db", 1.0)
    order = kept.remembered.orders.get(ORDER)
    kept.close()
    with SqliteReadings(folder / "readings.db") as readings:
        found = check(readings)
    seconds = logged(folder)
    told = {
        "damaged": damaged,
        "signed": {str(e.nonce): e.hash for e in under_way if e.stage is Stage.SIGNED},
        "boot": kept.remembered.boot,
        "vouchered": 0 if order is None else order.vouchered.mwh,
        "signature": 0 if order is None else int.from_bytes(order.signature, "big"),
        "audited": isinstance(audit.verify(folder / "relay.db"), Intact),
        "batches": found.batches,
        "samples": found.samples,
        "intact": found.intact,
        "logged": len(seconds),
        "each_once": seconds == list(range(1, len(seconds) + 1)),
    }
    print(json.dumps(told))


def logged(folder: Path) -> list[int]:
    """The seconds that the logger kept, in the store and behind it in the spool."""
    spool = Spool(folder / "spool", 1_000_000)
    with SqliteReadings(folder / "logged.db") as readings:
        assert check(readings).intact
        stored = readings.points("load", Quantity.POWER, 0, 2**45, 10**9)
        waiting = list(spool.frames(readings.marked(spool.id)))
    return [each.value for each in stored] + [each.power or 0 for frame in waiting for each in frame.samples]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
