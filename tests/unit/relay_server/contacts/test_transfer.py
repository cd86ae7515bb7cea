from __future__ import annotations

from dataclasses import replace

import pytest

from relay_server.acts import HOME, Act, Latch
from relay_server.contacts import transfer as transfers
from relay_server.contacts.transfer import Home, Leaving, Moment, Returning, Tied, Transfer
from relay_server.messages import Code, Granted, Opened, Refused
from tests.unit.relay_server.bench import RATING, SECOND_TIE, SETTINGS, TIE, drives, register

START = 100.0
AT_HOME = Transfer(ratings={TIE: RATING, SECOND_TIE: RATING}, position=Home(since=0.0))


def at(now: float, followed: dict[int, bool | None] | None = None, power: int = 20_000) -> Moment:
    return Moment(
        now=now,
        limits=SETTINGS,
        registers={TIE: register(0, now, power, "tie-11"), SECOND_TIE: register(0, now, power, "tie-12")},
        followed=followed or {},
    )


def tied(now: float = START) -> Transfer:
    return replace(AT_HOME, position=Tied(tie=TIE, since=now, expires=now + 10))


def code(answer: object) -> Code:
    assert isinstance(answer, Refused), answer
    return answer.code


def faults(acts: list[Act]) -> list[int]:
    return [act.contact for act in acts if isinstance(act, Latch)]


def test_home_opens_first_and_the_tie_closes_after_the_dead_time() -> None:
    transfer, acts, answer = transfers.close(AT_HOME, TIE, at(START))
    assert isinstance(answer, Granted)
    assert drives(acts) == [(HOME, True)]
    transfer, acts = transfers.tick(transfer, at(START + 0.07))
    assert acts == [], "the dead time begins with the first look, by which home's coil is energised"
    transfer, acts = transfers.tick(transfer, at(START + 0.169))
    assert acts == []
    transfer, acts = transfers.tick(transfer, at(START + 0.171))
    assert drives(acts) == [(TIE, True)]
    assert transfer.energised == {HOME, TIE}


def test_the_tie_waits_for_homes_auxiliary_contact() -> None:
    transfer, _, _ = transfers.close(AT_HOME, TIE, at(START))
    transfer, acts = transfers.tick(transfer, at(START + 0.3, {HOME: False}))
    assert drives(acts) == []
    transfer, acts = transfers.tick(transfer, at(START + 0.4, {HOME: True}))
    assert drives(acts) == [], "an arc may burn still"
    transfer, acts = transfers.tick(transfer, at(START + 0.501, {HOME: True}))
    assert drives(acts) == [(TIE, True)]


def test_home_that_stays_closed_is_a_fault_and_the_tie_never_closes() -> None:
    transfer, _ = transfers.tick(AT_HOME, at(START, {HOME: True}))
    transfer, _, _ = transfers.close(transfer, TIE, at(START))
    transfer, acts = transfers.tick(transfer, at(START + 0.25, {HOME: False}))
    assert faults(acts) == []
    transfer, acts = transfers.tick(transfer, at(START + 0.5, {HOME: False}))
    assert faults(acts) == [HOME]
    assert drives(acts) == [(TIE, False)]
    transfer, _ = transfers.tick(transfer, at(START + 0.6))
    transfer, acts = transfers.tick(transfer, at(START + 0.701))
    assert drives(acts) == [(HOME, False)]
    assert code(transfers.close(transfer, TIE, at(START + 60))[2]) is Code.FAULT


def test_going_home_releases_the_tie_at_once_and_closes_home_after_the_dead_time() -> None:
    transfer, acts, answer = transfers.open_(tied(), TIE, at(START + 1))
    assert isinstance(answer, Opened)
    assert drives(acts) == [(TIE, False)]
    transfer, acts = transfers.tick(transfer, at(START + 1.05))
    assert acts == []
    transfer, acts = transfers.tick(transfer, at(START + 1.151))
    assert drives(acts) == [(HOME, False)]
    assert transfer.position == Home(since=START + 1.151)


def test_a_welded_tie_keeps_home_open_until_it_lets_go() -> None:
    transfer, _ = transfers.tick(tied(), at(START, {TIE: True}))
    transfer, _, _ = transfers.open_(transfer, TIE, at(START))
    transfer, acts = transfers.tick(transfer, at(START + 1, {TIE: False}))
    assert faults(acts) == []
    transfer, acts = transfers.tick(transfer, at(START + 1.25, {TIE: False}))
    assert faults(acts) == [TIE]
    transfer, acts = transfers.tick(transfer, at(START + 50, {TIE: False}))
    assert drives(acts) == []
    transfer, acts = transfers.tick(transfer, at(START + 51, {TIE: True}))
    assert transfer.faults[TIE] == "slow: the contact took 50.0 s to follow its coil"
    transfer, acts = transfers.tick(transfer, at(START + 51.101, {TIE: True}))
    assert drives(acts) == [(HOME, False)]
    assert transfer.faults[TIE]


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (at(START + 10), "the lease ran out"),
        (replace(at(START + 4), registers={}), "the tie's meter is silent"),
        (replace(at(START + 4), registers={TIE: register(0, START)}), "the tie's meter is silent"),
        (at(START + 1, {HOME: False}), "home-closed: home closed while a tie was closed"),
    ],
)
def test_what_sends_the_household_home(moment: Moment, why: str) -> None:
    transfer, acts = transfers.tick(tied(), moment)
    assert drives(acts) == [(TIE, False)]
    assert transfer.why == why
    assert isinstance(transfer.position, Returning)


def test_a_line_without_voltage_for_two_seconds_sends_home() -> None:
    dead = replace(at(START + 1), powered={TIE: False})
    transfer, acts = transfers.tick(tied(), dead)
    assert acts == []
    transfer, acts = transfers.tick(transfer, replace(dead, now=START + 2.9))
    assert acts == []
    transfer, acts = transfers.tick(transfer, replace(dead, now=START + 3))
    assert drives(acts) == [(TIE, False)]
    assert transfer.why == "the line has no voltage"


def test_without_a_sense_input_a_tie_that_carries_nothing_sends_home() -> None:
    transfer, _ = transfers.tick(tied(), at(START + 1, power=0))
    transfer, acts = transfers.tick(transfer, at(START + 3, power=0))
    assert drives(acts) == [(TIE, False)]


def test_a_line_that_flickers_does_not_send_home() -> None:
    transfer = tied()
    for step in range(8):
        transfer, acts = transfers.tick(transfer, replace(at(START + step), powered={TIE: step % 2 == 0}))
        assert drives(acts) == []


def test_a_tie_that_dropped_out_is_a_fault_and_sends_home() -> None:
    transfer, _ = transfers.tick(tied(), at(START + 0.1, {TIE: True}))
    transfer, acts = transfers.tick(transfer, at(START + 1, {TIE: False}))
    assert acts == []
    transfer, acts = transfers.tick(transfer, at(START + 1.6, {TIE: False}))
    assert faults(acts) == [TIE]
    assert transfer.faults[TIE].startswith("stuck-open: ")
    assert isinstance(transfer.position, Returning)


def test_home_is_kept_for_the_dwell_time() -> None:
    fresh = replace(AT_HOME, position=Home(since=START))
    _, acts, answer = transfers.close(fresh, TIE, at(START + 4))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retry_ms) == (Code.DWELL, 6_001)
    assert acts == []
    assert isinstance(transfers.close(fresh, TIE, at(START + 10))[2], Granted)


def test_home_is_left_six_times_a_minute_at_most() -> None:
    busy = replace(AT_HOME, departures=tuple(START - 50 + n for n in range(6)))
    _, _, answer = transfers.close(busy, TIE, at(START))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retry_ms) == (Code.DWELL, 10_001)
    assert isinstance(transfers.close(busy, TIE, at(START + 10.01))[2], Granted)


def test_one_neighbour_is_left_for_home_before_another() -> None:
    _, acts, answer = transfers.close(tied(), SECOND_TIE, at(START + 1))
    assert code(answer) is Code.BUSY
    assert acts == []


def test_a_tie_that_stands_closed_at_home_keeps_the_household_there() -> None:
    _, acts, answer = transfers.close(AT_HOME, TIE, at(START, {SECOND_TIE: False}))
    assert code(answer) is Code.FAULT
    assert acts == []


def test_keep_renews_and_a_repeated_close_does_not() -> None:
    transfer, _, answer = transfers.keep(tied(), TIE, at(START + 4))
    assert isinstance(answer, Granted)
    assert answer.lease_ms == 10_000
    _, _, again = transfers.close(transfer, TIE, at(START + 6))
    assert isinstance(again, Granted)
    assert again.lease_ms == 8_000


def test_keep_at_home_says_why_the_tie_is_open() -> None:
    home = replace(AT_HOME, why="the line has no voltage")
    _, _, answer = transfers.keep(home, TIE, at(START))
    assert isinstance(answer, Refused)
    assert answer.code is Code.ENDED
    assert "no voltage" in answer.text


def test_open_at_home_is_no_error() -> None:
    assert isinstance(transfers.open_(AT_HOME, TIE, at(START))[2], Opened)


def test_leaving_is_given_up_when_the_lease_runs_out_meanwhile() -> None:
    leaving = replace(AT_HOME, position=Leaving(tie=TIE, since=START, expires=START + 0.05))
    transfer, acts = transfers.tick(leaving, at(START + 0.2))
    assert drives(acts) == [(TIE, False)]
    assert isinstance(transfer.position, Returning)
