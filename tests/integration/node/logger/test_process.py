"""The logger as a real process: killed, restarted, with devices that break, hang and lie."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from node.readings import open_readings
from node.readings.checking import check
from node.sensors import status
from node.sensors.status import State
from store import registers, snapshot
from store.registers import Register
from tests.integration.node.logger.driver import command, device, environment, install
from tests.integration.postgres import postgres, postgres_url  # noqa: F401 - fixtures
from tests.waiting import BUSY, PATIENCE, eventually

FRESH = 2.0
"""Seconds for which a register counts as live: twenty samples, of which a busy machine may miss some."""


class Bench:
    """A logger, and the devices that it reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run, self.state = folder / "run", folder / "state"
        self.readings: dict[str, Any] = {"sample": "100 ms", "sync": "100 ms", "batch": "300 ms"}
        self.battery: dict[str, Any] | None = None
        self.sensors: dict[str, dict[str, Any]] = {}
        self.process: subprocess.Popen[str] | None = None
        install(folder / "packages")

    def meter(self, name: str, mode: str = "works", **values: int) -> None:
        """Have a sensor, or let its device do something else."""
        device(self.folder / f"{name}.device", mode, **values)
        self.sensors.setdefault(name, {"driver": "file", "path": str(self.folder / f"{name}.device")})

    def start(self) -> None:
        told = {
            "sensors": self.sensors,
            "battery": self.battery,
            "readings": self.readings,
            "run": str(self.run),
            "state": str(self.state),
        }
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                command(told), env=environment(self.folder / "packages"), stderr=log, text=True
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def register(self, meter: str) -> Register | None:
        return registers.read(self.run / "meters", meter)

    def live(self, meter: str) -> bool:
        found = self.register(meter)
        return found is not None and found.age() < FRESH

    def forward(self, meter: str) -> int:
        found = self.register(meter)
        return -1 if found is None else found.forward

    def wait_for(self, meter: str, forward: int) -> None:
        wait_until(lambda: self.forward(meter) >= forward)

    def told(self, meter: str) -> status.Status | None:
        return (status.read(self.run) or {}).get(meter)

    def does(self, meter: str) -> State | None:
        found = self.told(meter)
        return None if found is None else found.state

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def wait_until(what: Callable[[], object]) -> None:
    eventually(what, "what was waited for")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


def test_registers_are_published_and_readings_stored(bench: Bench) -> None:
    bench.meter("load", power=36_000_000 // 100, voltage=12_000)
    bench.start()
    wait_until(lambda: bench.live("load") and bench.forward("load") >= 50)
    assert bench.end() == 0
    with open_readings(None, bench.state, read_only=True) as readings:
        newest = readings.latest()["load"]
        assert (newest.power, newest.voltage) == (360_000, 12_000)
        assert newest.forward == bench.forward("load")
        assert check(readings).intact


def test_it_stops_within_three_seconds_though_a_driver_hangs(bench: Bench) -> None:
    bench.meter("tie-11", "hangs", power=1)
    bench.meter("load", power=1_000)
    bench.start()
    wait_until(lambda: bench.live("load"))
    began = time.monotonic()
    assert bench.end() == 0
    assert time.monotonic() - began < 3 + BUSY


def test_a_counter_meter_loses_and_doubles_nothing_over_sigkill(bench: Bench) -> None:
    counted = 5_000
    bench.meter("feed-1", power=90_000, forward=counted, reverse=0)
    for _ in range(3):
        bench.start()
        for _ in range(4):
            counted += 25
            bench.meter("feed-1", power=90_000, forward=counted, reverse=0)
            bench.wait_for("feed-1", counted)
        assert bench.end(signal.SIGKILL) == -signal.SIGKILL
        counted += 40  # while nobody logs
        bench.meter("feed-1", power=90_000, forward=counted, reverse=0)
    bench.start()
    bench.wait_for("feed-1", counted)
    time.sleep(0.5)
    assert bench.forward("feed-1") == counted


def test_an_integrating_meter_never_falls_over_sigkill(bench: Bench) -> None:
    bench.meter("load", power=3_600_000)  # a milliwatt-hour each millisecond
    shown = 0
    for _ in range(3):
        bench.start()
        bench.wait_for("load", shown + 300)
        assert bench.end(signal.SIGKILL) == -signal.SIGKILL
        shown = bench.forward("load")
    bench.start()
    began, seen = time.monotonic(), [shown]
    while seen[-1] < shown + 1_000:
        assert time.monotonic() - began < PATIENCE
        seen.append(bench.forward("load"))
        time.sleep(0.02)
    assert seen == sorted(seen)
    assert seen[-1] < shown + 1_000 * (time.monotonic() - began) + 1  # and it did not spike


def test_after_a_power_cut_the_registers_are_those_that_were_saved(bench: Bench) -> None:
    bench.meter("load", power=3_600_000)
    bench.start()
    wait_until(lambda: bench.forward("load") > 1_000)
    bench.end()
    before = bench.forward("load")
    (bench.run / "meters" / "load.json").unlink()  # the run folder is in memory
    bench.meter("load", power=0)
    bench.start()
    wait_until(lambda: bench.live("load"))
    assert bench.forward("load") == before


@pytest.mark.parametrize("mode", ["silent", "broken", "exits", "hangs", "nonsense", "frozen"])
def test_a_bad_device_ages_alone_and_comes_back(bench: Bench, mode: str) -> None:
    bench.meter("good", power=1_000)
    bench.meter("bad", power=2_000)
    bench.start()
    wait_until(lambda: bench.live("good") and bench.live("bad"))
    bench.meter("bad", mode, power=2_000)
    wait_until(lambda: not bench.live("bad"))
    wait_until(lambda: bench.does("bad") in (State.STALE, State.FAILED))
    told = bench.told("bad")
    assert told is not None and told.reason and told.values == {"power": 2_000}
    for _ in range(5):
        time.sleep(0.1)
        assert bench.live("good")
    bench.meter("bad", power=3_000)
    wait_until(lambda: bench.live("bad") and (found := bench.register("bad")) and found.power == 3_000)
    wait_until(lambda: bench.does("bad") is State.LIVE)
    assert bench.process is not None and bench.process.poll() is None


def test_a_dead_device_and_an_unknown_driver_never_block_the_start(bench: Bench) -> None:
    bench.meter("good", power=1_000)
    bench.meter("unplugged", "unplugged", power=1)
    bench.sensors["typo"] = {"driver": "fil"}
    bench.start()
    wait_until(lambda: bench.live("good"))
    wait_until(lambda: "did you mean 'file'" in bench.log and "it is unplugged" in bench.log)
    bench.meter("unplugged", power=1)
    wait_until(lambda: bench.live("unplugged"))


def test_the_battery_is_published_with_method_and_confidence(bench: Bench) -> None:
    bench.meter("battery", soc=4_200, voltage=3_700, power=-5_000)
    bench.battery = {"sensor": "battery", "capacity": "3 Wh", "fuelgauge": True}
    bench.start()
    wait_until(lambda: snapshot.read(bench.run / "battery.json"))
    found = snapshot.read(bench.run / "battery.json")
    assert found is not None
    assert dict(found.fields) == {
        "soc": 4_200, "voltage_mv": 3_700, "power_mw": -5_000, "method": "fuelgauge", "confidence": 95,
    }  # fmt: skip


def test_a_gauge_beside_the_battery_gives_its_charge_and_counting_goes_on_without_it(bench: Bench) -> None:
    bench.meter("battery", voltage=3_700, power=0, forward=0, reverse=0)
    bench.meter("gauge", voltage=3_700, soc=8_000)
    bench.battery = {"sensor": "battery", "gauge": "gauge", "capacity": "10 Wh"}

    def battery() -> tuple[object, object]:
        found = snapshot.read(bench.run / "battery.json")
        return (found.fields["method"], found.fields["soc"]) if found else (None, None)

    bench.start()
    wait_until(lambda: battery() == ("fuelgauge", 8_000))
    bench.meter("gauge", "silent", soc=1)
    wait_until(lambda: battery() == ("coulomb", 8_000))
    bench.meter("battery", voltage=3_700, power=-9_000, forward=0, reverse=1_000)
    wait_until(lambda: battery() == ("coulomb", 7_000))


@pytest.mark.parametrize(
    ("settings", "lie", "why"),
    [
        ({"highest_voltage": "15 V"}, {"power": 2_000, "voltage": 30_000}, "30 V, above the highest of 15 V"),
        (
            {"frozen_after": "500 ms"},
            {"power": 2_000, "voltage": 12_000},
            "it has shown exactly the same for",
        ),
    ],
)
def test_a_device_that_lies_is_not_believed_until_it_speaks_the_truth(
    bench: Bench, settings: dict[str, Any], lie: dict[str, Any], why: str
) -> None:
    bench.meter("bad", power=1_000, voltage=12_000)
    bench.sensors["bad"] |= settings
    bench.start()
    wait_until(lambda: bench.live("bad"))
    bench.meter("bad", **lie)
    wait_until(lambda: not bench.live("bad") and why in (((told := bench.told("bad")) and told.reason) or ""))
    bench.meter("bad", power=3_000, voltage=12_500)
    wait_until(lambda: (found := bench.register("bad")) and found.power == 3_000)


def test_the_state_of_charge_is_counted_on_after_a_crash(bench: Bench) -> None:
    bench.meter("battery", voltage=3_750, power=0, forward=0, reverse=0)
    bench.battery = {"sensor": "battery", "capacity": "10 Wh"}

    def soc() -> int:
        found = snapshot.read(bench.run / "battery.json")
        return -1 if found is None or found.age() > FRESH else int(found.fields["soc"])

    bench.start()
    wait_until(lambda: soc() == 5_000)
    time.sleep(0.5)  # a save of the registers
    bench.end(signal.SIGKILL)
    bench.meter("battery", voltage=3_650, power=-9_000, forward=0, reverse=1_000)
    bench.start()
    wait_until(lambda: soc() == 4_000)


def test_a_second_logger_is_refused(bench: Bench) -> None:
    bench.meter("load", power=1)
    bench.start()
    wait_until(lambda: bench.live("load"))
    first, bench.process = bench.process, None
    try:
        bench.start()
        second: Any = bench.process
        assert second.wait(PATIENCE) == 69
        assert "another process is already running to log meters into" in bench.log
    finally:
        assert first is not None
        first.kill()
        first.wait()


def test_a_server_that_is_away_holds_up_nothing(bench: Bench, postgres_url: str) -> None:  # noqa: F811
    bench.meter("load", power=1_000)
    bench.readings["url"] = "postgresql://nobody@127.0.4.9:1/none?sslmode=disable&connect_timeout=1"
    bench.start()
    wait_until(lambda: bench.live("load"))
    wait_until(lambda: "readings.unreachable" in bench.log)
    assert bench.live("load")
    assert bench.end() == 0
    bench.readings["url"] = postgres_url
    bench.start()
    with open_readings(postgres_url, bench.state) as readings:
        wait_until(lambda: "load" in readings.latest())


def test_without_sensors_it_says_what_to_write_and_waits_for_what_the_pages_ask(bench: Bench) -> None:
    bench.start()
    wait_until(lambda: status.read(bench.run) == {})
    assert "name the household's meters under sensors" in bench.log
    assert bench.end() == 0


def test_a_household_is_logged_in_38_mb(bench: Bench) -> None:
    for name in ("battery", "load", "panel", "feed-1", "tie-11"):
        bench.meter(name, power=1_000, voltage=12_000, forward=5, reverse=0)
    bench.start()
    wait_until(lambda: all(bench.live(name) for name in bench.sensors))
    time.sleep(1)
    assert bench.process is not None
    memory = psutil.Process(bench.process.pid).memory_info().rss / 1e6
    print(json.dumps({"rss_mb": memory}))
    assert memory < 38 * 1.048576
