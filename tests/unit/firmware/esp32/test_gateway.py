"""What the gateway asks next, and what it may say of the contacts: pure decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_server.drivers.esp32.frames import Path, Status
from relay_server.drivers.esp32.gateway import BEAT, Known, due, stands_closed, stands_open

RESTING = Status(
    path=Path.IDLE, wanted=Path.IDLE, lease_ms=0, why="boot", fault=None, voltage=3_700, current=None,
    soc=5_000, by="curve", up_ms=1_000, boot=1,
)  # fmt: skip
SUPPLYING = replace(RESTING, path=Path.SUPPLY, wanted=Path.SUPPLY, lease_ms=3_000)
KNOWN = Known(wanted=Path.SUPPLY, changed=10.0, beat=12.0, latest=15.0, status=SUPPLYING, asked=12.0)


def test_before_the_relay_has_said_anything_the_gateway_only_looks() -> None:
    assert due(Known(status=SUPPLYING), 5.0) is None


def test_a_path_is_renewed_while_the_safety_loop_turns_and_given_up_when_it_does_not() -> None:
    assert due(KNOWN, 12.0 + BEAT) is Path.SUPPLY
    assert due(KNOWN, 12.1 + BEAT) is Path.IDLE


def test_a_resting_board_is_only_looked_at_once_it_has_confirmed() -> None:
    idle = replace(KNOWN, wanted=Path.IDLE, status=RESTING)
    assert due(idle, 12.1) is None
    assert due(replace(idle, changed=12.05), 12.1) is Path.IDLE
    assert due(replace(idle, status=SUPPLYING), 12.1) is Path.IDLE
    assert due(replace(idle, status=None), 12.1) is Path.IDLE


@pytest.mark.parametrize(
    ("known", "now", "closed"),
    [
        (KNOWN, 12.1, True),
        (KNOWN, 15.1, False),
        (replace(KNOWN, changed=12.05), 12.1, False),
        (replace(KNOWN, status=RESTING), 12.1, False),
        (replace(KNOWN, status=None), 12.1, False),
    ],
)
def test_closed_is_what_the_board_said_since_and_for_its_lease(
    known: Known, now: float, closed: bool
) -> None:
    assert stands_closed(known, Path.SUPPLY, now) is closed


def test_open_is_what_the_board_said_since_or_the_end_of_every_lease() -> None:
    released = replace(KNOWN, wanted=Path.IDLE, changed=13.0)
    assert not stands_open(released, Path.SUPPLY, 13.1)
    assert stands_open(replace(released, status=RESTING, asked=13.05), Path.SUPPLY, 13.1)
    assert not stands_open(replace(released, status=SUPPLYING, asked=13.05), Path.SUPPLY, 13.1)
    assert stands_open(released, Path.SUPPLY, 15.0)
    assert stands_open(KNOWN, Path.RECEIVE, 12.1), "it never closes both"


@given(
    st.builds(
        Known,
        wanted=st.sampled_from([None, *Path]),
        changed=st.floats(0, 20),
        beat=st.floats(0, 20),
        latest=st.floats(0, 20),
        status=st.sampled_from([None, RESTING, SUPPLYING]),
        asked=st.floats(0, 20),
    ),
    st.sampled_from([Path.SUPPLY, Path.RECEIVE]),
    st.floats(0, 20),
)
def test_no_path_is_said_to_be_open_and_closed_unless_its_lease_is_over(
    known: Known, path: Path, now: float
) -> None:
    if stands_open(known, path, now) and now < known.latest:
        assert not stands_closed(known, path, now)
