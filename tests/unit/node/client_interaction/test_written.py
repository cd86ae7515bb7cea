"""How old the relay's records are, whatever is done to the clock meanwhile."""

from __future__ import annotations

from dataclasses import replace

from node.client_interaction.written import Written
from relay_server.records import BestVoucher
from tests.unit.node.client_interaction.made import BIRCH, ORDER, WALL

HOUR = 3_600.0
BEST = BestVoucher(
    order=bytes.fromhex(ORDER[2:]), buyer=BIRCH, contact=1, energy=5, signature=b"\1" * 65, delivered=5,
    ended=True, at=WALL,
)  # fmt: skip


def test_at_first_sight_the_time_of_day_is_believed() -> None:
    assert Written().look({ORDER: BEST}, WALL + 40, 1_000.0) == {ORDER: 960.0}


def test_a_clock_that_is_set_changes_nothing_of_what_was_seen() -> None:
    for set_by in (HOUR, -HOUR):
        written = Written()
        written.look({ORDER: BEST}, WALL + 1, 1_000.0)
        assert written.look({ORDER: BEST}, WALL + 31 + set_by, 1_030.0) == {ORDER: 999.0}


def test_what_a_clock_wrote_that_was_fast_grows_old_from_the_first_look_on() -> None:
    written, ahead = Written(), replace(BEST, at=WALL + HOUR)
    written.look({ORDER: ahead}, WALL, 1_000.0)
    assert written.look({ORDER: ahead}, WALL + 60, 1_060.0) == {ORDER: 1_000.0}


def test_a_record_that_is_written_again_is_young_again() -> None:
    written = Written()
    written.look({ORDER: BEST}, WALL, 1_000.0)
    assert written.look({ORDER: replace(BEST, at=WALL + 15)}, WALL + 16, 1_016.0) == {ORDER: 1_015.0}
    assert written.look({}, WALL + 17, 1_017.0) == {}
