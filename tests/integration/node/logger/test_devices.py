"""The logger looks for devices and tries them as the pages ask, while it reads its own meters on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from node.logger import attending
from node.logger.attending import HUNG, Attendant
from node.sensors import answers, asked, status
from node.sensors.answers import Answer, State
from node.sensors.asked import What
from store.requests import new_id
from tests.integration.node.logger.driver import environment
from tests.integration.node.logger.test_process import Bench
from tests.integration.node.sensors.below import CurrentMeter, below
from tests.integration.node.sensors.modbus_meter import Meters
from tests.integration.node.sensors.test_modbus import SDM120
from tests.integration.relay_server.drivers.relay_board import Wire
from tests.waiting import eventually


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    (tmp_path / "state").mkdir()
    yield bench
    if bench.process is not None:
        bench.end()


@pytest.fixture
def desk() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def current_meter(desk: ExitStack) -> CurrentMeter:
    made = CurrentMeter()
    desk.callback(made.close)
    return made


def ask(bench: Bench, what: What, **options: str) -> str:
    wish = asked.request(id=new_id(), by="ada", what=what, options=options)
    asked.put(bench.state, wish)
    return wish.id


def told(bench: Bench, what: What, id: str) -> Answer | None:
    found = answers.read(bench.run, what)
    return found[0] if found is not None and found[0].id == id else None


def answered(bench: Bench, what: What, id: str) -> Answer:
    """What came of it in the end."""

    def over() -> bool:
        answer = told(bench, what, id)
        return answer is not None and answer.state is not State.GOING_ON

    eventually(over, f"{what} is answered: {bench.log}")
    answer = told(bench, what, id)
    assert answer is not None
    return answer


def test_what_is_connected_is_found_and_what_is_in_use_is_not_spoken_to(
    bench: Bench, desk: ExitStack
) -> None:
    pytest.importorskip("Adafruit_PureIO.smbus", reason="pip install --no-deps -r requirements/pi.txt")
    meter, other, wire = current_meter(desk), current_meter(desk), Wire()
    ports = {meter.port: "USB Serial", other.port: "USB Serial", wire.here: "FT232R"}
    below(bench.folder / "packages", ports, chips=[0x44], forbidden=[0x40])
    bench.sensors["battery"] = {"driver": "ina219"}
    bench.sensors["load"] = {"driver": "acs712-serial", "port": meter.port}
    bench.meter("panel", power=1_000)
    bench.start()
    eventually(lambda: all(map(bench.live, bench.sensors)), f"all are live: {bench.log}")
    answer = answered(bench, What.SCAN, ask(bench, What.SCAN))
    found = {one.place: one for one in answer.found}
    assert answer.notes == ()
    assert answer.state is State.DONE
    assert found["/dev/i2c-1 0x40"].used == "battery"
    assert found["/dev/i2c-1 0x44"].options == {"driver": "ina219", "address": "0x44"}
    assert found[meter.port].used == "load"
    assert found[other.port].options == {"driver": "acs712-serial", "port": other.port}
    assert found[wire.here].options["driver"] == "modbus"
    statuses = status.read(bench.run)
    assert statuses is not None
    assert {one.failures for one in statuses.values()} == {0}


def test_a_device_is_tried_and_nothing_is_written_down(bench: Bench, desk: ExitStack) -> None:
    meter = current_meter(desk)
    below(bench.folder / "packages", {meter.port: "USB Serial"})
    bench.meter("load", power=1_000)
    bench.start()
    eventually(lambda: bench.live("load"), "the load is live")
    id = ask(bench, What.TRY, driver="acs712-serial", port=meter.port)
    eventually(lambda: (now := told(bench, What.TRY, id)) and now.samples, f"a sample comes: {bench.log}")
    assert bench.live("load")
    answer = answered(bench, What.TRY, id)
    assert answer.state is State.DONE
    assert answer.samples >= 2
    assert answer.values["current"] == 1_910
    assert list(status.read(bench.run) or ()) == ["load"]


def test_a_meter_on_rs_485_is_tried_with_the_map_that_somebody_chose(bench: Bench, desk: ExitStack) -> None:
    wire = Wire()
    meters = Meters({3: SDM120}, port=wire.there, baud=2_400)
    desk.callback(meters.stop)
    below(bench.folder / "packages", {wire.here: "FT232R"})
    bench.start()
    options = {"driver": "modbus", "at": wire.here, "map": "sdm120", "rating": "10 kW"}
    answer = answered(bench, What.TRY, ask(bench, What.TRY, **options, unit="3"))
    assert answer.values["voltage"] == 230_500
    assert answer.options["unit"] == "3"
    silent = answered(bench, What.TRY, ask(bench, What.TRY, **options, unit="9"))
    assert silent.state is State.FAILED
    assert silent.samples == 0
    assert silent.reason


def test_what_is_in_use_is_not_tried(bench: Bench, desk: ExitStack) -> None:
    meter = current_meter(desk)
    below(bench.folder / "packages")
    bench.sensors["load"] = {"driver": "acs712-serial", "port": meter.port}
    bench.start()
    eventually(lambda: bench.live("load"), f"the load is live: {bench.log}")
    answer = answered(bench, What.TRY, ask(bench, What.TRY, driver="acs712-serial", port=meter.port))
    assert answer.reason == "It is in use by load, so it was left alone."


def test_an_empty_host_without_a_sensor_is_looked_at_and_told_what_to_do(bench: Bench) -> None:
    below(bench.folder / "packages")
    bench.start()
    answer = answered(bench, What.SCAN, ask(bench, What.SCAN))
    assert answer.found == ()
    assert "raspi-config" in answer.notes[0]
    assert status.read(bench.run) == {}


def test_a_logger_that_stops_takes_what_it_tries_with_it(bench: Bench, desk: ExitStack) -> None:
    below(bench.folder / "packages", hangs=True)
    bench.meter("load", power=1_000)
    bench.start()
    ask(bench, What.SCAN)
    assert bench.process is not None
    logger = psutil.Process(bench.process.pid)
    eventually(logger.children, f"it is looked for: {bench.log}")
    [child] = logger.children()
    assert bench.end() == 0
    eventually(lambda: not child.is_running(), "it has ended, too")


def test_what_takes_too_long_is_ended_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below(tmp_path / "packages", hangs=True)
    monkeypatch.setenv("PYTHONPATH", environment(tmp_path / "packages")["PYTHONPATH"])
    monkeypatch.setattr(attending, "LONGEST", 0.5)
    (tmp_path / "run").mkdir()
    wish = asked.request(id=new_id(), by="ada", what=What.SCAN)
    asked.put(tmp_path / "state", wish)
    began = time.monotonic()
    Attendant(tmp_path / "run", tmp_path / "state", {}).look()
    assert time.monotonic() - began >= 0.5
    found = answers.read(tmp_path / "run", What.SCAN)
    assert found is not None
    assert (found[0].id, found[0].state, found[0].reason) == (wish.id, State.FAILED, HUNG)
    assert [each.name for each in (tmp_path / "state" / asked.FOLDER).iterdir()] == [wish.id], (
        "the folder is the pages' own"
    )
