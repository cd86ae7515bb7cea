"""A sensor that a page adds: a new name, a driver and options that a scan finds, a place that nobody uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.changes.judging import NOT_FROM_HERE, Undoable
from node.config import load
from tests.unit.node.changes.made import change, files, text, undo
from tests.unit.node.changes.test_judging import accepted, refused

HEATER = "{driver: ina219, address: 0x4a, rating: 40 W}"


def test_a_new_sensor_is_written_and_logger_and_pages_start_anew(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    verdict = accepted(change(own, ("sensors.heater", HEATER)), [site, own])
    says = b"sensors:\n  heater: {driver: ina219, address: 0x4a, rating: 40 W}\n"
    assert verdict.written == b"# what the family wants\n" + says
    assert verdict.units == ("logger", "dapp")
    assert "sensors.heater.driver: not given → ina219" in verdict.said
    own.write_bytes(verdict.written)
    assert load([site, own]).sensors["heater"].options["address"] == 0x4A
    assert b"heater" in accepted(change(site, ("sensors.heater", HEATER)), [site]).written


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("sensors.heater", "{driver: http, url: 'http://10.0.0.1/'}", "at the box"),
        ("sensors.heater", "{driver: esp32, board: '10.0.0.9:1', key_file: /etc/shadow}", "at the box"),
        ("sensors.heater", "{driver: modbus, at: /dev/ttyUSB9, unit: 1, map: /etc/shadow}", "one of sdm120"),
        ("sensors.heater", "{driver: ina219, address: 0x4a, every: 1 h}", "at the box"),
        ("sensors.heater", "{driver: acs712-serial, port: /etc/passwd}", "a serial port"),
        ("sensors.heater", "ina219", "heater"),
        ("sensors.battery", "{driver: ina219, address: 0x4a}", NOT_FROM_HERE),
        ("sensors.battery.address", "0x4a", NOT_FROM_HERE),
        ("sensors.heater.driver", "simulated", "at the box"),
    ],
)
def test_nothing_else_comes_from_a_page(tmp_path: Path, key: str, value: str, why: str) -> None:
    site, own = files(tmp_path)
    problems = refused(change(own, (key, value)), [site, own])
    assert any(why in f"{where} {what}" for where, what in problems), problems


def test_what_is_in_use_is_not_added_a_second_time(tmp_path: Path) -> None:
    site, own = files(tmp_path, "sensors: {heater: {driver: ina219, address: 0x4a}}\n")
    [(key, what)] = refused(change(own, ("sensors.oven", HEATER)), [site, own])
    assert key == "sensors.oven"
    assert what == "is in use by heater already"


def test_it_is_added_by_a_text_as_well_and_by_nothing_it_hides(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    assert accepted(text(own, f"sensors:\n  heater: {HEATER}\n"), [site, own])
    hidden = f"sensors:\n  heater: {HEATER}\n  battery: {{rating: 1 MW}}\n"
    assert (("sensors.battery.rating", NOT_FROM_HERE)) in refused(text(own, hidden), [site, own])


def test_only_as_the_last_change_it_is_taken_back(tmp_path: Path) -> None:
    site, own = files(tmp_path, f"sensors:\n  heater: {HEATER}\n")
    last = Undoable(id="ab" * 16, former=b"# before\n", written=own.read_bytes())
    verdict = accepted(undo(own, "ab" * 16), [site, own], last)
    assert verdict.written == b"# before\n"
    assert verdict.units == ("logger", "dapp")
    assert NOT_FROM_HERE in refused(text(own, "# before\n"), [site, own])[0][1]
    assert NOT_FROM_HERE in refused(change(own, ("sensors.heater.address", "0x4b")), [site, own])[0][1]
