from __future__ import annotations

from itertools import islice

import pytest
from pydantic import ValidationError

from relay_server import legacy
from relay_server.chain_view import shortest_gap
from relay_server.drivers.interface import DriverMissing, load
from relay_server.drivers.recording import RecordingPins
from relay_server.session import sessions
from relay_server.settings import RelaySettings
from tests.unit.relay_server.bench import SETTINGS


def test_sessions_differ_by_boot_and_by_connection() -> None:
    first = [session.id for session in islice(sessions(7), 3)]
    again = [session.id for session in islice(sessions(8), 3)]
    assert len({*first, *again}) == 6
    assert all(len(each) == 32 for each in first)
    assert {each[:4] for each in first} == {(7).to_bytes(4)}


def test_a_session_takes_rising_numbers_only() -> None:
    session = next(sessions(1))
    assert session.takes(1)
    session.passed(5, "0x")
    assert not session.takes(5)
    assert not session.takes(4)
    assert session.takes(6)


@pytest.mark.parametrize(
    ("line", "channels"),
    [
        (b"ReadDATA|0, 2", (0, 2)),
        (b"ReadDATA|1", (1,)),
        (b"ReadDATA|", None),
        (b"ReadDATA|0,", None),
        (b'{"op":"STATE"}', None),
        (b"ReadDATA|" + b"9" * 20, None),
    ],
)
def test_old_readers_are_recognised(line: bytes, channels: tuple[int, ...] | None) -> None:
    assert legacy.channels_asked(line) == channels


def test_old_readers_get_a_python_dict() -> None:
    assert legacy.states((0, 2), lambda channel: channel == 2) == b"{0: False, 2: True}"


@pytest.mark.parametrize("line", [b"{2: True, 0: True}", b"{0: false}", b"{ 1 : True }"])
def test_the_old_switching_map_is_recognised(line: bytes) -> None:
    assert legacy.is_switching(line)


def test_json_is_no_switching_map() -> None:
    assert not legacy.is_switching(b'{"op":"CLOSE","contact":1}')


def test_defaults_are_the_designs() -> None:
    bare = RelaySettings()
    assert (bare.lease, bare.dead_time, bare.dwell, bare.stale_meter) == (10.0, 0.1, 10.0, 3.0)
    assert (bare.cycles_per_minute, bare.unpaid_fraction, bare.stalled_chain) == (6, 0.03, 600.0)
    assert SETTINGS.pins.options == {}


def test_options_of_the_pin_driver_are_its_own() -> None:
    settings = RelaySettings.model_validate({"pins": {"driver": "rpi-gpio", "active_low": True}})
    assert settings.pins.options == {"active_low": True}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"dead_time": "50 ms"}, "at least 100 ms"),
        ({"listen": "nowhere"}, "address and a port"),
        ({"lease": "10"}, "length of time"),
        ({"lease": "3 s", "follow": "5 s"}, "longer than follow"),
        ({"feed": []}, "Extra inputs"),
        (
            {"feeds": [{"contact": 1, "pin": 2, "meter": "a"}, {"contact": 1, "pin": 3, "meter": "b"}]},
            "contact 1 is given twice",
        ),
        (
            {"feeds": [{"contact": 1, "pin": 2, "meter": "a"}], "transfer": {"home_pin": 2}},
            "pin 2 is given twice",
        ),
    ],
)
def test_wrong_settings_say_what_is_wrong(section: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RelaySettings.model_validate(section)


def test_an_unknown_driver_names_those_there_are() -> None:
    with pytest.raises(DriverMissing, match=r"'gpoi'; installed: .*rpi-gpio"):
        load("gpoi", {})


def test_the_driver_for_the_pi_says_what_to_install_elsewhere() -> None:
    with pytest.raises(DriverMissing, match=r"needs RPi\.GPIO on a Raspberry Pi"):
        load("rpi-gpio", {})


def test_recorded_pins_tell_contacts_that_do_not_follow() -> None:
    pins = RecordingPins(clock=lambda: 3.0)
    pins.drive(1, False)
    pins.drive(1, True)
    assert pins.followed(1)
    pins.stuck.add(1)
    pins.drive(1, False)
    assert pins.followed(1) is False
    assert pins.changes() == [(3.0, 1, True), (3.0, 1, False)]


def test_the_period_is_the_shortest_gap_between_blocks() -> None:
    assert shortest_gap([10, 15, 22, 27]) == 5.0
    assert shortest_gap([0, 1_700_000_000]) == 60.0
    assert shortest_gap([]) == 60.0
