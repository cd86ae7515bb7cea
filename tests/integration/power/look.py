"""What is on the disk after a power cut, as a fresh process finds it: `python -m … FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from node.readings.checking import check
from node.readings.sqlite import SqliteReadings
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Journal, Stage
from relay_server import audit
from relay_server.audit import Intact
from relay_server.persistence import Persistence
from store.sqlite import damage
from tests.integration.power.writers import ORDER


def main(folder: Path) -> None:
    """Print it as JSON."""
    names = ("trade.db", "relay.db", "readings.db")
    names = ("trade.db", "relay.db", "readings.db")
    damaged = [why for name in names if (why := damage(folder / name))]
    trades = Database(folder / "trade.db", (TABLES, VOIDS))
    under_way = Journal(trades).under_way()
    trades.close()
    kept = Persistence(folder / "relay.db", 1.0)
    order = kept.remembered.orders.get(ORDER)
    kept.close()
    with SqliteReadings(folder / "readings.db") as readings:
        found = check(readings)
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
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
