"""The sensor driver `acs712-serial` on a real terminal device, with good and bad cables."""

from __future__ import annotations

import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError
from tests.waiting import BUSY

GOOD = b"$CWM,0,A,1910,3700,4166,439263,1*78A8\r\n"
BETTER = b"$CWM,1,A,1910,3700,4166,439262,1*5AFE\r\n"
CLIPPED = b"$CWM,2,D,13500,,,,3*1713\r\n"


class Cable:
    """The meter's end of a terminal."""

    def __init__(self) -> None:
        self._meter, self._pi = pty.openpty()
        tty.setraw(self._pi)
        self.port = os.ttyname(self._pi)

    def says(self, text: bytes, after: float = 0.0) -> None:
        """Send, now or later."""
        if after:
            threading.Timer(after, os.write, (self._meter, text)).start()
        else:
            os.write(self._meter, text)

    def unplug(self) -> None:
        for end in (self._meter, self._pi):
            os.close(end)
        self._meter = self._pi = -1

    def put_away(self) -> None:
        if self._meter >= 0:
            self.unplug()


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    made.put_away()


@pytest.fixture
def sensor(cable: Cable) -> Iterator[Sensor]:
    made = opened(cable.port)
    yield made
    made.close()


def opened(port: str, **options: object) -> Sensor:
    return open_sensor("load", "acs712-serial", {"port": port, "patience": 600, **options})


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


FULL = {Quantity.CURRENT: 1_910, Quantity.POWER: 439_263, Quantity.VOLTAGE: 3_700, Quantity.SOC: 4_166}


def test_a_line_is_measured(cable: Cable, sensor: Sensor) -> None:
    cable.says(GOOD)
    assert values(sensor) == FULL


def test_it_waits_for_the_next_line(cable: Cable, sensor: Sensor) -> None:
    cable.says(GOOD[:10], after=0.1)
    cable.says(GOOD[10:], after=0.3)
    began = time.monotonic()
    assert values(sensor) == FULL
    assert time.monotonic() - began > 0.25


def test_of_several_lines_the_newest_counts(cable: Cable, sensor: Sensor) -> None:
    cable.says(GOOD * 5 + BETTER)
    assert values(sensor)[Quantity.POWER] == 439_262


def test_garbage_broken_lines_and_remarks_are_passed_over(cable: Cable, sensor: Sensor) -> None:
    cable.says(
        b"\x00\xff\xfe" * 200 + b"\n" + GOOD.replace(b"1910", b"9910") + b"# mode A\r\n\r\n" + GOOD + GOOD[:9]
    )
    assert values(sensor) == FULL
    cable.says(GOOD[9:])
    assert values(sensor) == FULL


def test_bad_lines_alone_are_an_error_that_says_what_to_check(cable: Cable, sensor: Sensor) -> None:
    cable.says(GOOD.replace(b"1910", b"9910") * 3)
    with pytest.raises(
        SensorError, match=r"a good framed line \(3 bad ones\): check its cable, .* 9600 baud"
    ):
        sensor.read()
    cable.says(GOOD)
    assert values(sensor) == FULL


def test_an_endless_stream_without_lines_is_an_error_in_time(cable: Cable, sensor: Sensor) -> None:
    ended = threading.Event()

    def babble() -> None:
        while not ended.wait(0.005):
            os.write(cable._meter, b"\xaa" * 64)

    babbling = threading.Thread(target=babble)
    babbling.start()
    began = time.monotonic()
    with pytest.raises(SensorError, match="sends nothing that is a good framed line"):
        sensor.read()
    assert time.monotonic() - began < 2 + BUSY
    ended.set()
    babbling.join()


def test_silence_is_an_error_in_time(sensor: Sensor) -> None:
    with pytest.raises(SensorError, match=r"has been silent for 0\.6 s: check its cable and its power"):
        sensor.read()


def test_a_meter_that_is_unplugged_is_lost_until_it_comes_back(
    cable: Cable, sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cable.unplug()
    with pytest.raises(SensorError, match=r"was lost .*: is it still plugged in\?"):
        sensor.read()
    with pytest.raises(SensorError):
        sensor.read()


def test_a_meter_that_is_not_there_yet_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(SensorError, match=r"there is no .*: plug the meter in, .*ls /dev/serial/by-id"):
        opened(str(tmp_path / "ttyUSB0"))


def test_two_readers_of_one_meter_are_refused(cable: Cable, sensor: Sensor) -> None:
    with pytest.raises(SensorError, match=r"cannot be opened .*: does something else read it"):
        opened(cable.port)


def test_more_than_the_sensor_can_measure_is_no_measurement(cable: Cable, sensor: Sensor) -> None:
    cable.says(CLIPPED)
    with pytest.raises(SensorError, match="more current than it can measure: use a larger sensor"):
        sensor.read()


def test_a_meter_that_is_wired_the_other_way_round_is_inverted(cable: Cable) -> None:
    sensor = opened(cable.port, invert=True)
    cable.says(GOOD)
    assert values(sensor)[Quantity.CURRENT] == -1_910
    sensor.close()


def test_a_prototypes_plain_lines_are_read_as_well(cable: Cable) -> None:
    sensor = opened(cable.port, format="plain")
    cable.says(b"x\r\n3.700|41.66|1.234\r\n")
    assert values(sensor) == {Quantity.POWER: 1_234, Quantity.VOLTAGE: 3_700, Quantity.SOC: 4_166}
    cable.says(GOOD)
    with pytest.raises(SensorError, match="whether it is set to the format framed"):
        sensor.read()
    sensor.close()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"format": "json"}, "format: 'json'"),
        ({"patience": 1}, "patience: 1"),
        ({"prot": 1}, "no option 'prot'"),
    ],
)
def test_a_wrong_option_is_named(cable: Cable, options: dict[str, object], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.load: driver 'acs712-serial': .*{why}"):
        opened(cable.port, **options)
