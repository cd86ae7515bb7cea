"""The power is cut at every write of relay.db: what was promised is there, and the next boot is safe."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from relay_server import audit
from relay_server.audit import Intact
from relay_server.commanding import Seen
from relay_server.drivers.recording import RecordingPins
from relay_server.messages import NO_ORDER, Code, Op, Refused
from relay_server.persistence import Persistence, Remembered
from tests.conftest import thorough
from tests.integration.relay_server import disk
from tests.integration.relay_server.disk import Request
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    HOME_PIN,
    ORDER,
    SELLER,
    TIE,
    booted,
    frame,
    on_chain,
    register,
    seen,
)

VICTIM = "tests.integration.relay_server.remembering"

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="sudo apt install gcc")


@dataclass
class Promised:
    """What the relay had said, or could be relied on, to be on disk at one moment."""

    boot: int = 0
    vouchered: int = 0
    cycles: dict[int, int] = field(default_factory=dict)
    supplied: bool = False
    ended: bool = False
    locked: set[int] = field(default_factory=set)
    faults: set[int] = field(default_factory=set)

    def add(self, facts: dict[str, object]) -> None:
        match facts:
            case {"boot": int(boot)}:
                self.boot = boot
            case {"supplied": True}:
                self.supplied = True
            case {"vouchered": int(energy), **rest}:
                self.vouchered = energy
                self.ended |= "ended" in rest
                cycles = rest.get("cycles")
                if isinstance(cycles, dict):
                    self.cycles = {int(contact): count for contact, count in cycles.items()}
            case {"locked": int(contact)}:
                self.locked.add(contact)
            case {"fault": int(contact)}:
                self.faults.add(contact)


def promised(requests: Sequence[Request]) -> Promised:
    """By what the victim noted before the cut."""
    noted = b"".join(each.data for each in requests if each.name == "promised" and each.kind == "w")
    found = Promised()
    for line in noted.splitlines():
        found.add(json.loads(line))
    return found


def test_whenever_the_power_is_cut_promises_are_kept_and_the_next_boot_is_safe(tmp_path: Path) -> None:
    requests = disk.recorded(tmp_path, VICTIM)
    chance, kinds, checked = Random(11), Counter[str](), 0
    for taken, kind, files in disk.cut(requests, chance):
        last = requests[taken - 1] if taken else None
        if (last and last.name == "promised") or chance.random() > thorough(25, 100) / 100:
            continue  # that file is the test's own
        folder = tmp_path / f"{taken}-{kind}"
        files.pop("promised", None)
        disk.write(folder, files)
        kept(folder / "relay.db", promised(requests[:taken]), f"cut after request {taken}, {kind}")
        shutil.rmtree(folder)
        kinds[kind] += 1
        checked += 1
    print(f"{checked} cuts: {dict(kinds)}")
    assert min(kinds[kind] for kind in ("killed", "torn", "lost", "mixed")) > 10
    assert promised(requests) == Promised(
        boot=2,
        vouchered=33,
        cycles={0: 1, 1: 1, 11: 1},
        supplied=True,
        ended=True,
        locked={TIE},
        faults={FEED},
    ), "the whole course was cut"


def kept(path: Path, was: Promised, where: str) -> None:
    persistence = Persistence(path, 1.0)
    found = persistence.remembered
    persistence.close()
    assert found.boot > was.boot, where
    assert all(found.cycles.get(contact, 0) >= count for contact, count in was.cycles.items()), where
    assert found.locks.keys() >= was.locked, where
    assert found.faults.keys() >= was.faults, where
    if was.supplied:
        order, account = found.orders[ORDER], found.accounts[BUYER, FEED]
        assert order.vouchered.mwh >= was.vouchered, where
        assert account.vouchered.mwh >= was.vouchered, where
        assert bool(order.signature) is (order.vouchered.mwh > 0), where
        assert order.ended >= was.ended, where
    assert isinstance(audit.verify(path), Intact), where
    safe(found, was, where)


def safe(found: Remembered, was: Promised, where: str) -> None:
    """Everything released; nothing that was locked out, faulty or ended closes again."""
    pins = RecordingPins({"unwired": [HOME_PIN]})
    now = 2_000.0
    board = booted(pins, Forgetful(), now, found)
    for _ in range(150):
        now += 0.1
        registers = {FEED: register(5_040, now, 0), TIE: register(0, now, 20_000, "tie-11")}
        board.turn(now, registers, seen(on_chain(), now=now))
        assert not any(pins.energised.values()), where
    assert board.at_rest, where
    for contact, order, signer in ((FEED, ORDER, BUYER), (TIE, NO_ORDER, SELLER)):
        at = Seen(now=now, view=seen(on_chain(), now=now))
        answer = board.switch(frame(Op.CLOSE, order, contact), signer, (), at).answer
        if contact in was.locked:
            assert isinstance(answer, Refused), where
            assert answer.code is Code.LOCKED, where
        elif contact in was.faults:
            assert isinstance(answer, Refused), where
            assert answer.code is Code.FAULT, where
        elif contact == FEED and was.ended:
            assert isinstance(answer, Refused), where
            assert answer.code in {Code.ENDED, Code.FAULT}, where


class Forgetful:
    """Where nothing is kept."""

    behind = 0.0

    def keep(self, acts: object) -> None:
        return None
