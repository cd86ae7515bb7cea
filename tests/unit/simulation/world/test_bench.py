from pathlib import Path
from random import Random

import pytest

from simulation.world.bench import Bench, UnknownThing
from simulation.world.instruments import points, reading
from simulation.world.notes import Event
from simulation.world.spec import WorldError
from tests.unit.simulation.bench_of_two import FEED, FEED_PIN, HOME, HOME_PIN, LINE, TIE, TIE_PIN, bench


def running(folder: Path, began: float = 100.0, clock: str = "boot-1") -> Bench:
    return Bench(bench(), folder, began=began, clock_id=clock)


def supply(world: Bench, now: float) -> float:
    """Let Birch be supplied from `now`; returns when it is."""
    world.drive("alder", FEED_PIN, True)
    world.drive("birch", HOME_PIN, True)
    world.advance(now + 0.2)
    world.drive("birch", TIE_PIN, True)
    world.advance(now + 0.4)
    return now + 0.4


def test_energy_through_a_line_between_two_moments_is_what_the_counters_say(tmp_path: Path) -> None:
    world = running(tmp_path)
    now = supply(world, 100.0)
    world.advance(now + 10)
    line = world.state.lines[LINE]
    assert world.energy(LINE, 0, 20) == pytest.approx((line.delivered, line.received))
    part = world.energy(LINE, 3, 8)
    assert part[0] == pytest.approx(line.delivered_w * 5 / 3.6, rel=0.05)


def test_a_world_that_was_killed_goes_on_without_a_meter_counting_backwards(tmp_path: Path) -> None:
    world = running(tmp_path)
    now = supply(world, 100.0)
    world.advance(now + 3.7)
    seen = world.state.lines[LINE].received
    again = running(tmp_path, began=now + 5)
    again.advance(now + 5)
    assert again.began == 100.0
    assert again.state.lines[LINE].received > seen
    assert [s.contact for s in again.switchings] == [HOME, FEED, TIE]


def test_a_world_of_before_a_reboot_cannot_go_on(tmp_path: Path) -> None:
    running(tmp_path).close()
    with pytest.raises(WorldError, match="remove the folder"):
        running(tmp_path, clock="boot-2")


def test_dead_pins_send_the_household_home(tmp_path: Path) -> None:
    world = running(tmp_path)
    now = supply(world, 100.0)
    world.without_power("birch")
    world.advance(now + 0.2)
    assert world.state.homes["birch"].source == "home"
    assert world.state.contacts[FEED].closed, "the seller's Pi lives"


def test_a_welded_contact_does_not_follow(tmp_path: Path) -> None:
    world = running(tmp_path)
    now = supply(world, 100.0)
    world.break_(TIE, "stuck")
    world.drive("birch", TIE_PIN, False)
    world.advance(now + 1)
    assert world.state.contacts[TIE].closed
    assert not world.followed("birch", TIE_PIN)


def test_a_contact_has_followed_only_after_it_moved(tmp_path: Path) -> None:
    world = running(tmp_path)
    world.advance(101)
    world.drive("alder", FEED_PIN, True)
    assert not world.followed("alder", FEED_PIN)
    world.advance(101.1)
    assert world.followed("alder", FEED_PIN)


def test_a_tie_has_voltage_while_the_feed_is_closed(tmp_path: Path) -> None:
    world = running(tmp_path)
    world.advance(101)
    assert not world.powered("birch", TIE_PIN)
    world.drive("alder", FEED_PIN, True)
    world.advance(101.1)
    assert world.powered("birch", TIE_PIN)


def test_an_outage_that_still_lasts_is_told(tmp_path: Path) -> None:
    world = running(tmp_path)
    world.drive("birch", HOME_PIN, True)
    world.advance(105)
    assert [(e.kind, e.household, e.cause) for e in world.happened()] == [("outage", "birch", "lasts")]
    lasting = world.happened()[0]
    assert isinstance(lasting, Event)
    assert lasting.seconds == pytest.approx(5, abs=0.1)


def test_meters_show_the_truth_in_whole_milliwatt_hours(tmp_path: Path) -> None:
    world = running(tmp_path)
    world.advance(supply(world, 100.0) + 20)
    line = world.state.lines[LINE]
    feed = reading(world.spec, world.state, FEED, Random(1))
    tie = reading(world.spec, world.state, TIE, Random(1))
    assert (feed["forward"], tie["forward"]) == (int(line.delivered), int(line.received))
    assert feed["power"] == pytest.approx(line.delivered_w * 1000, rel=0.02)


def test_every_point_shows_something_and_no_other_does(tmp_path: Path) -> None:
    world = running(tmp_path)
    assert points(world.spec) == {
        "alder.battery", "alder.load", "alder.panel", "alder.feed-1",
        "birch.battery", "birch.load", "birch.tie-11",
    }  # fmt: skip
    for point in points(world.spec):
        assert "power" in reading(world.spec, world.state, point, Random(1))
    with pytest.raises(UnknownThing, match=r"birch\.panel"):
        reading(world.spec, world.state, "birch.panel", Random(1))
