"""The writers of a household at work on one disk, until it is gone: `python -m … FOLDER`.

After each thing that its writer called durable, a line of JSON goes out: what has to be there later.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from chain.keys import Account as Key
from chain.transactions import Call, Fees, sign
from node.logger.recorder import Recorder
from node.readings import Sample
from node.readings.settings import ReadingsSettings
from node.readings.spool import Spool
from node.readings.sqlite import SqliteReadings
from node.wallet.database import Database
from node.wallet.journal import TABLES, VOIDS, Journal
from quantities.energy import Energy
from relay_server.accounts import Account, Order
from relay_server.acts import Cycle, Save
from relay_server.persistence import Persistence

KEY = Key.of(b"\x11" * 32)
CALL = Call(to="0x" + "aa" * 20, data=b"\x01\x02", gas=100_000)
BUYER = "0x" + "bb" * 20
ORDER = b"\x07" * 32
MOST = Energy(2**40)

START = 1_764_460_800
"""Unix seconds of the logger's first."""

BATCH = 25
"""Samples: those of five meters in five seconds."""


def journal(folder: Path) -> Iterator[dict[str, object]]:
    """Intents, planned and signed."""
    book = Journal(Database(folder / "trade.db", (TABLES, VOIDS)))
    while True:
        nonce = book.next_nonce()
        entry = book.plan(f"buy:{time.time_ns()}", CALL, time.time())  # one may be planned and not signed
        signed = sign(KEY, 1, nonce, CALL, Fees())
        book.sign(entry, nonce=nonce, signed=signed, fees=Fees(), head=1, now=time.time())
        yield {"signed": nonce, "hash": signed.hash}


def relay(folder: Path) -> Iterator[dict[str, object]]:
    """Vouchers of one order, kept before the answer; cycles in between, which may wait."""
    kept = Persistence(folder / "relay.db", 0.05)
    kept.start(lambda _: None)
    order = kept.remembered.orders.get(ORDER)
    vouchered = Energy(0) if order is None else order.vouchered
    yield {"boot": kept.remembered.boot}
    while True:
        vouchered += Energy(1)
        kept.keep([Cycle(contact=1)])
        account = Account(buyer=BUYER, contact=1, delivered=vouchered, vouchered=vouchered)
        now = Order(
            id=ORDER, buyer=BUYER, contact=1, energy=MOST, delivered=vouchered, vouchered=vouchered,
            signature=vouchered.mwh.to_bytes(65, "big"),
        )  # fmt: skip
        written = kept.keep([Save(account=account, order=now, urgent=True)])
        assert written is not None
        written.result()
        yield {"vouchered": vouchered.mwh}


def readings(folder: Path) -> Iterator[dict[str, object]]:
    """Batches."""
    with SqliteReadings(folder / "readings.db") as stored:
        newest = stored.newest()
        number = 1 if newest is None else newest.number + 1
        while True:
            stored.append(
                [
                    Sample(
                        meter=f"meter-{n % 5}", taken=(number * BATCH + n) * 1_000, power=n, forward=number
                    )
                    for n in range(BATCH)
                ]
            )
            yield {"batch": number}
            number += 1


def logger(folder: Path) -> Iterator[dict[str, object]]:
    """Seconds of a meter as the logger keeps them: synced by ten into the spool, stored from there."""
    spool = Spool(folder / "spool", 1_000_000)
    second = max((each.power or 0 for frame in spool.frames(0) for each in frame.samples), default=0)
    settings = ReadingsSettings(batch=120.0)
    recorder = Recorder(
        settings, lambda: SqliteReadings(folder / "logged.db"), spool,
        run=folder.parent / "run", state=dict, wall=lambda: float(START + second),
    )  # fmt: skip
    while True:
        for _ in range(round(settings.sync)):
            second += 1
            recorder.add(Sample(meter="load", taken=(START + second) * 1_000, power=second))
        recorder.sync()
        yield {"synced": second}
        recorder.store()


def work(folder: Path, writer: Callable[[Path], Iterator[dict[str, object]]]) -> None:
    """Until the disk refuses."""
    try:
        for promise in writer(folder):
            sys.stdout.write(json.dumps(promise) + "\n")  # one write: lines of threads do not mix
            sys.stdout.flush()
    except Exception as error:
        sys.stderr.write(f"{writer.__name__}: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(1)


def main(folder: Path) -> None:
    """All of them at once."""
    threads = [threading.Thread(target=work, args=(folder, w)) for w in (journal, relay, readings, logger)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
