"""The board's core, case by case."""

from __future__ import annotations

import pytest

from pathboard.node import CLOCK, Node
from tests.unit.firmware.esp32.made import Talk, make_node


def run(
    node: Node, start: int, milliseconds: int, millivolts: int | None = 3_700, **seen: bool | None
) -> int:
    for _ in range(milliseconds // 10):
        start = (start + 10) & CLOCK
        node.turn(start, millivolts, None, **seen)
    return start


def supplying(now: int = 0) -> tuple[Node, Talk, int]:
    node = make_node(now)
    now = run(node, now, 300)
    talk = Talk(node)
    assert talk.lease("SUPPLY", 2_000).startswith("OK ")
    now = run(node, now, 10)
    assert node.outputs == (True, False)
    return node, talk, now


def test_at_boot_both_paths_are_open_and_stay_so() -> None:
    node = make_node()
    assert node.outputs == (False, False)
    run(node, 0, 10_000)
    assert node.outputs == (False, False)


def test_a_path_closes_and_opens_when_its_lease_is_over() -> None:
    node, _, now = supplying()
    now = run(node, now, 1_980)
    assert node.outputs == (True, False)
    run(node, now, 10)
    assert node.outputs == (False, False)
    assert node.paths.why == "lease"


@pytest.mark.parametrize("before_wrap", [0, 10, 300, 320, 1_000, 2_000])
def test_a_lease_is_as_long_when_the_clock_wraps_around(before_wrap: int) -> None:
    node, talk, now = supplying((CLOCK + 1 - before_wrap) & CLOCK)
    now = run(node, now, 1_980)
    assert node.outputs == (True, False)
    assert int(talk.status()["up"]) == 2_290
    run(node, now, 10)
    assert node.outputs == (False, False)


def test_a_loop_that_hung_over_the_wrap_around_has_lost_its_lease() -> None:
    node, _, now = supplying(CLOCK - 1_000)
    node.turn((now + 5_000) & CLOCK, 3_700)
    assert node.outputs == (False, False)


def test_silence_does_not_renew_and_looking_does_not_either() -> None:
    node, talk, now = supplying()
    for _ in range(20):
        now = run(node, now, 100)
        talk.status()
    assert node.outputs == (False, False)


def test_the_same_command_again_renews_without_opening() -> None:
    node, talk, now = supplying()
    for _ in range(5):
        now = run(node, now, 1_500)
        assert talk.lease("SUPPLY", 2_000).startswith("OK path=SUPPLY")
        assert node.outputs == (True, False)


def test_the_other_path_opens_the_first_at_once_and_closes_after_the_dead_time() -> None:
    node, talk, now = supplying()
    assert talk.lease("RECEIVE", 2_000).startswith("OK path=IDLE wanted=RECEIVE")
    assert node.outputs == (False, False)
    now = run(node, now, 200)
    assert node.outputs == (False, False)
    run(node, now, 10)
    assert node.outputs == (False, True)


def test_the_dead_time_begins_with_the_opening_even_after_a_turn_that_took_long() -> None:
    node, talk, now = supplying()
    now = run(node, now, 290, 2_900)
    assert node.outputs == (True, False)
    now = (now + 400) & CLOCK
    node.turn(now, 2_900)
    assert node.outputs == (False, False)
    assert talk.lease("RECEIVE", 2_000).startswith("OK ")
    now = run(node, now, 190)
    assert node.outputs == (False, False)
    run(node, now, 10)
    assert node.outputs == (False, True)


def test_a_frame_that_was_held_back_closes_nothing() -> None:
    node = make_node()
    now = run(node, 0, 300)
    talk = Talk(node)
    frame = talk.frame(f"SUPPLY {int(talk.status()['up']) + 1_000}")
    now = run(node, now, 1_000)
    assert " NO LEASE " in talk.send(frame)
    run(node, now, 100)
    assert node.outputs == (False, False)


def test_an_older_connection_commands_no_more_once_a_newer_one_has() -> None:
    node, old, _ = supplying()
    newer = Talk(node)
    assert newer.ask("IDLE").startswith("OK ")
    assert old.lease("SUPPLY", 1_000) == "NO OLD"
    assert old.ask("STATUS").startswith("OK ")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("SUPPLY", "COMMAND"),
        ("SUPPLY x", "LEASE"),
        ("SUPPLY -1", "LEASE"),
        ("SUPPLY 0300", "LEASE"),
        ("SUPPLY 99999999999999999999", "LEASE"),
        ("SUPPLY 1 2", "COMMAND"),
        ("STATUS now", "COMMAND"),
        ("supply 100", "COMMAND"),
        ("OPEN", "COMMAND"),
    ],
)
def test_what_is_no_command_is_refused(asked: str, why: str) -> None:
    node = make_node()
    run(node, 0, 300)
    assert Talk(node).ask(asked) == f"NO {why}"
    assert node.outputs == (False, False)


def test_no_voltage_for_a_second_opens_and_refuses() -> None:
    node, talk, now = supplying()
    for _ in range(3):
        talk.lease("SUPPLY", 5_000)
        now = run(node, now, 400, None)
    assert node.outputs == (False, False)
    assert node.paths.why == "blind"
    assert talk.lease("SUPPLY", 1_000) == "NO BLIND"
    assert talk.status()["mv"] == talk.status()["soc"] == "-1"


def test_an_empty_battery_supplies_no_more_but_may_receive() -> None:
    node, talk, now = supplying()
    now = run(node, now, 310, 2_990)
    assert node.outputs == (False, False)
    assert node.paths.why == "empty"
    assert talk.lease("SUPPLY", 1_000) == "NO EMPTY"
    assert talk.lease("RECEIVE", 1_000).startswith("OK ")
    now = run(node, now, 300, 3_100)
    assert talk.lease("SUPPLY", 1_000) == "NO EMPTY"
    run(node, now, 20, 3_150)
    assert talk.lease("SUPPLY", 1_000).startswith("OK ")


def test_a_full_battery_receives_no_more_but_may_supply() -> None:
    node, talk, now = supplying()
    talk.lease("RECEIVE", 5_000)
    now = run(node, now, 300)
    assert node.outputs == (False, True)
    now = run(node, now, 310, 4_200)
    assert node.outputs == (False, False)
    assert talk.lease("RECEIVE", 1_000) == "NO FULL"
    assert talk.lease("SUPPLY", 1_000).startswith("OK ")


@pytest.mark.parametrize(("millivolts", "fault"), [(2_400, "under"), (4_300, "over")])
def test_beyond_the_cells_limits_a_fault_is_latched_until_somebody_clears_it(
    millivolts: int, fault: str
) -> None:
    node, talk, now = supplying()
    now = run(node, now, 310, millivolts)
    assert (node.outputs, node.paths.fault) == ((False, False), fault)
    now = run(node, now, 1_000)
    assert talk.lease("SUPPLY", 1_000) == "NO FAULT"
    talk.ask("CLEAR")
    assert talk.lease("SUPPLY", 1_000).startswith("OK ")
    now = run(node, now, 310, millivolts)
    talk.ask("CLEAR")
    run(node, now, 10, millivolts)
    assert node.paths.fault == fault, "cleared while it still holds"


def test_a_dip_shorter_than_the_hold_time_is_none() -> None:
    node, _, now = supplying()
    for _ in range(3):
        now = run(node, now, 290, 2_000)
        now = run(node, now, 10)
    assert node.outputs == (True, False)


def test_a_welded_contact_keeps_the_other_path_open_and_is_a_fault() -> None:
    node = make_node()
    now = run(node, 0, 300, supply=False, receive=False)
    talk = Talk(node)
    talk.lease("RECEIVE", 5_000)
    now = run(node, now, 490, supply=True, receive=False)
    assert node.outputs == (False, False)
    run(node, now, 10, supply=True, receive=False)
    assert node.paths.fault == "supply-closed"


def test_a_contact_that_does_not_close_is_a_fault() -> None:
    node = make_node()
    now = run(node, 0, 300, supply=False, receive=False)
    talk = Talk(node)
    talk.lease("SUPPLY", 5_000)
    run(node, now, 520, supply=False, receive=False)
    assert node.paths.fault == "supply-open"
    assert node.outputs == (False, False)


def test_each_boot_and_connection_has_a_session_of_its_own_even_when_the_generator_repeats_itself() -> None:
    keys = {Talk(node).key for node in (make_node(boot=1), make_node(boot=2)) for _ in range(3)}
    assert len(keys) == 6
