"""CitizenWatt's API: its shapes, limits and nulls."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from node.dapp.api.citizenwatt.numbers import numbers
from node.dapp.app import create_app
from node.dapp.users import set_password
from node.readings.interface import Sample
from node.readings.sqlite import SqliteReadings
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.conftest import Issue
from tests.unit.node.dapp.api.programs import ORIGIN, Program

NOON = 1_764_068_400
"""12:00 in Paris, by day."""


@pytest.fixture
def program(tmp_path: Path, issue: Issue) -> Program:
    """Before a household whose load drew 100 W for ten seconds at noon, and 40 W an hour later."""
    house = made_up.household(tmp_path)
    house.state.mkdir()
    samples = [Sample(meter="load", taken=(NOON + i) * 1_000 + 200, power=100_000) for i in range(10)]
    samples.append(Sample(meter="load", taken=(NOON + 3_600) * 1_000, power=40_000))
    with SqliteReadings(house.state / "readings.db") as readings:
        readings.append(samples)
    return Program(create_app(house).test_client(), issue())


def measured(program: Program, path: str) -> Any:
    """The data of an answer that also tells the rate."""
    told = program.get(f"/api/load/get/{path}")
    assert told.keys() == {"data", "rate"}
    assert told["rate"] in ("day", "night")
    return told["data"]


def test_sensors_have_numbers_that_stay(program: Program, tmp_path: Path) -> None:
    sensors = program.get("/api/sensors")["data"]
    assert sensors[2] == {"id": 3, "name": "load", "type": "Electricity", "type_id": 1}
    assert program.get("/api/sensors/3")["data"] == sensors[2]
    assert program.get("/api/sensors/99")["data"] is None
    assert program.get("/api/types")["data"] == [{"id": 1, "name": "Electricity"}]
    again = numbers(made_up.household(tmp_path).state, ["new", "load"])
    assert (again["load"], again["new"] > 6) == (3, True)


def test_time_is_now(program: Program) -> None:
    assert abs(program.get("/api/time")["data"] - time.time()) < 60


def test_a_measure_is_found_by_its_id_and_from_the_last(program: Program) -> None:
    one = {"id": NOON, "sensor_id": 3, "value": 100.0, "timestamp": NOON, "night_rate": 0}
    assert measured(program, f"watts/by_id/{NOON}") == one
    assert program.get(f"/api/3/get/watts/by_id/{NOON}")["data"] == one
    assert measured(program, "watts/by_id/-1")["id"] == NOON + 3_600
    assert measured(program, "watts/by_id/-11")["id"] == NOON
    assert measured(program, "watts/by_id/-12") is None
    assert measured(program, "watts/by_id/5") is None


def test_ids_are_half_open_and_ascending(program: Program) -> None:
    found = measured(program, f"watts/by_id/{NOON + 2}/{NOON + 5}")
    assert [each["id"] - NOON for each in found] == [2, 3, 4]
    found = measured(program, "watts/by_id/-4/-1")
    assert [each["id"] - NOON for each in found] == [7, 8, 9]
    assert measured(program, "watts/by_id/5/9") is None


def test_groups_of_ids_are_null_where_nothing_was_measured(program: Program) -> None:
    found = measured(program, f"watts/by_id/{NOON - 4}/{NOON + 4}/4")
    assert found == [None, {"value": 100.0, "day_rate": 100.0, "night_rate": 0.0}]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("watts/by_id/5/4", 400),
        ("watts/by_id/-5/4", 400),
        ("watts/by_id/1/502", 403),
        ("watts/by_id/1/5000/5", 403),
        ("watts/by_id/-200000", 403),
        ("watts/by_id/one", 400),
        ("watts/by_time/-1", 400),
        ("watts/by_time/-1/5", 400),
        ("watts/by_time/nan/5", 400),
        ("kwatthours/by_time/5/4", 400),
        ("euros/by_time/0/10/0", 400),
        ("watts/by_time/0/2000000/10", 403),
        ("joules/by_time/0/10", 404),
        ("euros/by_id/5", 404),
    ],
)
def test_what_is_too_much_or_senseless_is_refused(program: Program, path: str, status: int) -> None:
    assert program.refused(f"/api/load/get/{path}")[0] == status


def test_times_are_half_open_and_ascending(program: Program) -> None:
    found = measured(program, f"watts/by_time/{NOON + 1}.0/{NOON + 2.5}")
    assert [each["timestamp"] - NOON for each in found] == [1, 2]
    assert measured(program, f"watts/by_time/{NOON + 0.7}")["id"] == NOON
    assert measured(program, f"watts/by_time/{NOON + 50}") is None
    assert measured(program, f"watts/by_time/{NOON}/{NOON + 4e3}")[-1]["value"] == 40.0
    assert measured(program, f"watts/by_time/{NOON + 20}/{NOON + 90}") is None


def test_energy_is_the_trapezoid_and_a_lone_measure_counts_eight_seconds(program: Program) -> None:
    ten = measured(program, f"kwatthours/by_time/{NOON}/{NOON + 10}")
    assert ten["value"] == ten["day_rate"] == pytest.approx(9 * 100 / 3.6e6, abs=2e-6)
    assert ten["night_rate"] == 0
    alone = measured(program, f"kwatthours/by_time/{NOON + 3_000}/{NOON + 4_000}")
    assert alone["value"] == pytest.approx(8 * 40 / 3.6e6, abs=1e-6)
    euros = measured(program, f"euros/by_time/{NOON}/{NOON + 10}")
    assert euros == {"value": pytest.approx(ten["value"] * 0.2516, abs=1e-6)}
    assert measured(program, f"euros/by_time/{NOON + 20}/{NOON + 90}") is None


def test_a_meters_registers_count_before_the_trapezoid(program: Program, tmp_path: Path) -> None:
    samples = [
        Sample(meter="panel", taken=(NOON + i) * 1_000, power=1_000, forward=7_000 * i, reverse=0)
        for i in (0, 5, 10)
    ]
    with SqliteReadings(made_up.household(tmp_path).state / "readings.db") as readings:
        readings.append(samples)
    told = program.get(f"/api/panel/get/kwatthours/by_time/{NOON}/{NOON + 11}")["data"]
    assert told["value"] == 0.07


def test_steps_of_time_are_null_where_nothing_was_measured(program: Program) -> None:
    found = measured(program, f"watts/by_time/{NOON}/{NOON + 3_601}/1800")
    assert [each and each["value"] for each in found] == [100.0, None, 40.0]
    assert measured(program, f"kwatthours/by_time/{NOON}/{NOON + 3_601}/1800")[1] is None


def test_the_night_is_told_apart(program: Program, tmp_path: Path) -> None:
    night = NOON + 11 * 3_600
    with SqliteReadings(made_up.household(tmp_path).state / "readings.db") as readings:
        readings.append([Sample(meter="load", taken=(night + i) * 1_000, power=50_000) for i in range(2)])
    assert measured(program, f"watts/by_time/{night}")["night_rate"] == 1
    told = measured(program, f"watts/by_time/{night}/{night + 2}/2")
    assert told == [{"value": 50.0, "day_rate": 0.0, "night_rate": 50.0}]
    assert measured(program, f"kwatthours/by_time/{night}/{night + 2}")["day_rate"] == 0


def test_providers_are_the_tariffs(program: Program) -> None:
    one = {
        "id": 1, "name": "grid", "type_id": 1, "day_slope_watt_euros": 0.2516, "day_constant_watt_euros": 0.0,
        "night_slope_watt_euros": 0.1828, "night_constant_watt_euros": 0.0, "current": 1, "threshold": 80.0,
        "start_night_rate": "22:00", "end_night_rate": "06:00",
    }  # fmt: skip
    assert program.get("/api/energy_providers") == {"data": [one]}
    assert program.get("/api/energy_providers/current") == {"data": one}
    assert program.get("/api/energy_providers/1") == {"data": one}
    assert program.get("/api/energy_providers/2") == {"data": None}
    assert program.get("/api/current/watt_to_euros/night/10")["data"] == pytest.approx(1.828)
    assert program.get("/api/1/watt_to_euros/day/0.5")["data"] == pytest.approx(0.1258)
    assert program.get("/api/2/watt_to_euros/day/0.5")["data"] is None


def test_an_unknown_sensor_has_no_measures(program: Program) -> None:
    assert program.get("/api/77/get/watts/by_time/0/10")["data"] is None


def test_a_form_with_login_and_password_opens_every_path(program: Program, tmp_path: Path) -> None:
    password = set_password(made_up.household(tmp_path).state)

    def post(**form: str) -> int:
        return program.client.post("/api/time", base_url=ORIGIN, data=form).status_code

    assert post(login="home", password=password) == 200
    assert post(login="anything", password=str(program.token)) == 200
    assert post(login="home", password="wrong") == 403
    assert post() == 403
