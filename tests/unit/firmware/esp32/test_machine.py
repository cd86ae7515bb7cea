"""Whatever is sent, measured or waited: never two paths, nothing past its lease, nothing by strangers."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pathboard.node import CLOCK
from tests.unit.firmware.esp32.made import LOOK, SWITCH, Talk, make_node

LEASE, DEAD = 5_000, 200
TURN = 10


class Board(RuleBasedStateMachine):
    """One board over several boots, with its owner, an onlooker, and somebody who records and forges."""

    @initialize(
        start=st.one_of(st.integers(0, CLOCK), st.integers(CLOCK - 8_000, CLOCK)), auxiliary=st.booleans()
    )
    def boot_first(self, start: int, auxiliary: bool) -> None:
        self.now, self.boots, self.auxiliary = start, 0, auxiliary
        self.recorded: list[bytes] = []
        self.millivolts: int | None = 3_700
        self.stuck: str | None = None
        self.boot()

    def boot(self) -> None:
        self.boots += 1
        self.node = make_node(self.now & CLOCK, self.boots)
        self.entitled: tuple[str, int] = ("IDLE", 0)
        self.opened = {"SUPPLY": self.now, "RECEIVE": self.now}
        self.newest = 0
        self.talks = [Talk(self.node)]  # a generator that gives the same after each boot
        self.pass_time(TURN)

    @property
    def closed(self) -> str:
        supply, receive = self.node.outputs
        assert not (supply and receive)
        return "SUPPLY" if supply else "RECEIVE" if receive else "IDLE"

    def pass_time(self, milliseconds: int) -> None:
        for _ in range(max(milliseconds // TURN, 1)):
            self.one_turn(TURN)

    def one_turn(self, elapsed: int) -> None:
        before = self.closed
        self.now += elapsed
        seen = [self.stuck == path or before == path for path in ("SUPPLY", "RECEIVE")]
        supply, receive = seen if self.auxiliary else (None, None)
        self.node.turn(self.now & CLOCK, self.millivolts, None, supply, receive)
        self.check(before)

    def check(self, before: str) -> None:
        """What must hold after every single turn and frame."""
        after = self.closed
        if before not in ("IDLE", after):
            self.opened[before] = self.now
        if after != "IDLE":
            other = "RECEIVE" if after == "SUPPLY" else "SUPPLY"
            assert self.entitled[0] == after, "closed without a valid frame of the owner"
            assert self.now < self.entitled[1] + TURN, "closed past its lease"
            assert before == after or self.now - self.opened[other] >= DEAD, "no dead time"
            if before == "IDLE" and self.auxiliary:
                assert self.stuck is None, "closed against a welded contact"

    def send(self, talk: Talk, frame: bytes) -> str:
        before = self.closed
        answer = talk.send(frame)
        self.check(before)
        assert before == self.closed or self.closed == "IDLE", "a frame by itself closes nothing"
        return answer

    @rule()
    def connect(self) -> None:
        self.talks.append(Talk(self.node))

    @rule(pick=st.randoms(use_true_random=False), path=st.sampled_from(["SUPPLY", "RECEIVE"]),
          lease=st.integers(-1_000, 7_000))  # fmt: skip
    def command(self, pick: object, path: str, lease: int) -> None:
        talk = pick.choice(self.talks)  # type: ignore[attr-defined]
        self.ask(talk, path, lease)

    def ask(self, talk: Talk, path: str, lease: int) -> None:
        up = int(talk.status()["up"])
        frame = talk.frame(f"{path} {max(up + lease, 0)}")
        self.recorded.append(frame)
        answer = self.send(talk, frame)
        if talk.session.serial < self.newest:
            assert " NO OLD " in answer
        self.newest = max(self.newest, talk.session.serial)
        if " OK " in answer:
            assert 0 < lease <= LEASE
            self.entitled = (path, self.now + lease)
        else:
            assert " NO " in answer

    @rule(pick=st.randoms(use_true_random=False))
    def idle(self, pick: object) -> None:
        talk = pick.choice(self.talks)  # type: ignore[attr-defined]
        answer = self.send(talk, talk.frame("IDLE"))
        assert (" NO OLD " in answer) == (talk.session.serial < self.newest)
        self.newest = max(self.newest, talk.session.serial)
        if " OK " in answer:
            self.entitled = ("IDLE", 0)
            assert self.closed == "IDLE", "the way back is not delayed"

    @rule(path=st.sampled_from(["SUPPLY", "RECEIVE"]), pause=st.integers(0, 300))
    def change_over(self, path: str, pause: int) -> None:
        other = "RECEIVE" if path == "SUPPLY" else "SUPPLY"
        for each, then in ((path, 400), (other, pause)):
            self.ask(Talk(self.node), each, LEASE)
            self.pass_time(then)

    @rule(path=st.sampled_from(["SUPPLY", "RECEIVE"]))
    def close_against_a_weld(self, path: str) -> None:
        self.idle_all()
        self.stuck = "RECEIVE" if path == "SUPPLY" else "SUPPLY"
        self.ask(Talk(self.node), path, LEASE)
        self.pass_time(300)
        self.stuck = None

    def idle_all(self) -> None:
        self.clear()
        talk = Talk(self.node)
        self.send(talk, talk.frame("IDLE"))
        self.newest, self.entitled = talk.session.serial, ("IDLE", 0)
        self.pass_time(300)

    @rule(path=st.sampled_from(["SUPPLY", "RECEIVE", "IDLE", "CLEAR"]))
    def an_onlooker_commands(self, path: str) -> None:
        looking = Talk(self.node, LOOK, "look")
        up = int(looking.status()["up"])
        words = path if path in ("IDLE", "CLEAR") else f"{path} {up + 1_000}"
        before = self.closed
        assert " NO ROLE " in self.send(looking, looking.frame(words))
        assert self.closed == before

    @precondition(lambda self: self.recorded)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        frame = data.draw(st.sampled_from(self.recorded))
        talk = data.draw(st.sampled_from([*self.talks, Talk(self.node)]))
        before = self.closed
        assert self.send(talk, frame).startswith("ERR ")
        assert self.closed == before

    @rule(data=st.data())
    def forge(self, data: st.DataObject) -> None:
        talk = self.talks[-1]
        frame = bytearray(talk.frame(f"SUPPLY {data.draw(st.integers(0, 10**7))}"))
        place = data.draw(st.integers(0, len(frame) - 1))
        frame[place] ^= data.draw(st.integers(1, 255))
        before = self.closed
        assert self.send(talk, bytes(frame)).startswith("ERR ")
        assert self.closed == before

    @rule(key=st.binary(min_size=32, max_size=32).filter(lambda key: key not in (SWITCH, LOOK)))
    def a_stranger_commands(self, key: bytes) -> None:
        stranger = Talk(self.node, key)
        assert not stranger.authentic
        assert self.send(stranger, stranger.frame("SUPPLY 1000")) == "ERR SEAL\n"

    @rule(milliseconds=st.one_of(st.integers(1, 400), st.integers(400, 8_000)))
    def wait(self, milliseconds: int) -> None:
        self.pass_time(milliseconds)

    @rule()
    def wait_out_the_lease(self) -> None:
        self.pass_time(LEASE + TURN)
        assert self.closed == "IDLE"

    @rule(hang=st.integers(1_000, 100_000_000))
    def hang(self, hang: int) -> None:
        self.one_turn(hang)

    @rule(millivolts=st.one_of(st.none(), st.integers(0, 5_000), st.just(3_700)))
    def battery(self, millivolts: int | None) -> None:
        self.millivolts = millivolts

    @rule(path=st.sampled_from([None, "SUPPLY", "RECEIVE"]))
    def weld(self, path: str | None) -> None:
        self.stuck = path

    @rule()
    def clear(self) -> None:
        talk = Talk(self.node)
        before = self.closed
        self.send(talk, talk.frame("CLEAR"))
        self.newest = talk.session.serial
        assert self.closed == before

    @rule(off=st.integers(0, 10_000))
    def reboot(self, off: int) -> None:
        self.now += off
        self.boot()
        assert self.closed == "IDLE"
        for frame in self.recorded:
            assert self.send(self.talks[0], frame) == "ERR SEAL\n"

    @invariant()
    def at_most_one_path(self) -> None:
        assert self.closed in ("IDLE", "SUPPLY", "RECEIVE")

    @invariant()
    def a_board_with_a_fault_is_idle(self) -> None:
        assert not self.node.paths.fault or self.closed == "IDLE"


pytestmark = pytest.mark.timeout(1_800)  # for `make test-long`

TestBoard = Board.TestCase
TestBoard.settings = settings(
    stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
