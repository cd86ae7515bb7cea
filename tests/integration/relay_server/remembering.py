"""A relay's decisions and records at work, without its network: `python -m … FOLDER`.

What it was promised to be on disk is noted in the folder's file `promised`, one JSON object a line.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.instructions import Instruction, What
from relay_server.messages import NO_ORDER, Op
from relay_server.persistence import Persistence
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    HOME_PIN,
    MARKET,
    ORDER,
    SELLER,
    TIE,
    booted,
    frame,
    on_chain,
    register,
    seen,
)

EVERY = 0.05
"""Seconds between writes of what is not urgent."""


class Life:
    """From one boot to the next."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_000.0
        self.energy = 5_000
        self.promises = (folder / "promised").open("a")
        self.pins = RecordingPins({"unwired": [HOME_PIN]}, clock=lambda: self.now)
        self.persistence = Persistence(folder / "relay.db", EVERY)
        self.promise(boot=self.persistence.remembered.boot)
        self.switchboard = booted(self.pins, self.persistence, self.now, self.persistence.remembered)
        self.persistence.start(lambda instruction: self.switchboard.obey(instruction, self.now))

    def promise(self, **facts: object) -> None:
        self.promises.write(json.dumps(facts) + "\n")
        self.promises.flush()

    def turns(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            registers = {
                FEED: register(self.energy, self.now, 0),
                TIE: register(0, self.now, 20_000, "tie-11"),
            }
            self.switchboard.turn(self.now, registers, seen(on_chain(), now=self.now))

    def send(self, op: Op, contact: int, energy: int | None = None) -> None:
        order, signer = (ORDER, BUYER) if contact == FEED else (NO_ORDER, SELLER)
        at = Seen(now=self.now, view=seen(on_chain(), now=self.now))
        outcome = self.switchboard.switch(frame(op, order, contact, energy), signer, {MARKET}, at)
        if outcome.written:
            outcome.written.result(30)

    def rest(self) -> None:
        """Until everything that was asked to be kept is on disk."""
        while self.persistence.behind:
            time.sleep(0.01)

    def end(self) -> None:
        self.switchboard.stop(self.now)
        self.persistence.close()
        self.promises.close()


def first(life: Life) -> Iterator[dict[str, object]]:
    """A trade: what is yielded is promised once it is on disk."""
    life.turns(11)
    life.send(Op.CLOSE, FEED)
    yield {"supplied": True}
    life.send(Op.CLOSE, TIE)
    life.turns(1)
    for energy in (10, 20, 30):
        life.energy = 5_000 + energy
        life.turns(3)
        life.send(Op.KEEP, TIE)
        life.send(Op.KEEP, FEED, energy)
        life.rest()
        yield {"vouchered": energy, "cycles": {"0": 1, "1": 1, "11": 1}}
    life.send(Op.OPEN, TIE)
    life.send(Op.OPEN, FEED, 33)
    yield {"vouchered": 33, "ended": True}


def second(life: Life) -> Iterator[dict[str, object]]:
    """Somebody locks a contact out, and a contact is found to be broken."""
    life.switchboard.obey(Instruction(what=What.LOCK, contact=TIE, reason="new fuse"), life.now)
    life.rest()
    yield {"locked": TIE}
    life.pins.stuck.add(17)
    life.pins.contacts[17] = True
    life.turns(1)
    life.rest()
    yield {"fault": FEED}


def main(folder: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for course in (first, second):
        life = Life(folder)
        for facts in course(life):
            life.promise(**facts)
        life.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
