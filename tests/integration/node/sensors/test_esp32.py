"""The sensor driver `esp32` against the firmware over TCP."""

from __future__ import annotations

import pytest

from node.sensors.driver import Quantity, Sensor, open_sensor
from node.sensors.errors import OptionsRefused, SensorError
from tests.integration.firmware.esp32.board_on_a_desk import Board, board

__all__ = ["board"]


def opened(board: Board, **options: object) -> Sensor:
    return open_sensor(
        "battery", "esp32", {"board": board.address, "key_file": board.key_file("look"), **options}
    )


def values(sensor: Sensor) -> dict[Quantity, int]:
    return {measurement.quantity: measurement.value for measurement in sensor.read()}


def test_it_reads_voltage_and_charge(board: Board) -> None:
    assert values(opened(board)) == {Quantity.VOLTAGE: 3_700, Quantity.SOC: 4_166}


def test_it_reads_the_current_where_one_is_wired(board: Board) -> None:
    board.switch_off()
    board.write_settings(current={"pin": 35, "mv_per_a": 100, "zero_mv": 1_650})
    board.machine.millivolts[35] = 1_530
    board.switch_on()
    measured = values(opened(board))
    assert (measured[Quantity.CURRENT], measured[Quantity.POWER]) == (-1_200, -4_440)


def test_a_board_that_is_away_may_come_back(board: Board) -> None:
    sensor = opened(board, timeout=300)
    assert values(sensor)
    board.switch_off()
    with pytest.raises(SensorError, match=r"does not answer .*: is it powered and on the Wi-Fi\?"):
        sensor.read()
    board.switch_on()
    assert values(sensor)
    sensor.close()
    sensor.close()


def test_a_blind_board_measures_nothing(board: Board) -> None:
    sensor = opened(board)
    board.machine.millivolts[34] = None
    board.until(lambda: _fails(sensor))
    with pytest.raises(SensorError, match="cannot measure its battery: check the divider"):
        sensor.read()


def test_the_wrong_key_is_named(board: Board) -> None:
    with pytest.raises(SensorError, match="does not know this key"):
        opened(board, key_file=board.key_file("other", b"o" * 32)).read()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"role": "owner"}, "role: 'owner': write look or switch"),
        ({"key_file": "/nowhere"}, "cannot be read"),
    ],
)
def test_a_wrong_option_is_named(board: Board, options: dict[str, object], why: str) -> None:
    with pytest.raises(OptionsRefused, match=rf"sensors\.battery: .*{why}"):
        opened(board, **options)


def _fails(sensor: Sensor) -> bool:
    try:
        sensor.read()
    except SensorError:
        return True
    return False
