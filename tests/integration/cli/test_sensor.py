"""`commonwatt sensor` as a person calls it, on devices of a package of somebody else's."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.cli import run
from node.sensors import status
from node.sensors.status import State, Status
from tests.integration.cli.household import CHECKOUT, Answer
from tests.integration.node.logger.driver import device, environment, install

PATIENCE = 120
QUICKLY = ("--seconds", "1", "--every", "0.05")


class Desk:
    """Sensors in a folder, and commands upon them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sensors: dict[str, dict[str, Any]] = {}
        install(folder / "packages")

    def device(self, name: str, mode: str = "works", **values: int) -> None:
        device(self.folder / f"{name}.device", mode, **values)
        self.sensors.setdefault(name, {"driver": "file", "path": str(self.folder / f"{name}.device")})

    def file(self) -> Path:
        """The configuration as it is now."""
        example = yaml.safe_load((CHECKOUT / "config.example.yml").read_text())
        told = {
            "household": example["household"],
            "account": example["account"],
            "chain": {"rpc": "http://127.0.0.1:8545", "genesis": "g.json", "manifest": "m.json"},
            "paths": {"run": str(self.folder / "run"), "state": str(self.folder / "state")},
            "sensors": self.sensors,
        }
        file = self.folder / "household.yml"
        file.write_text(yaml.safe_dump(told))
        return file

    def run(self, *command: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "node.cli", "sensor", *command],
            env={**environment(self.folder / "packages"), "COMMONWATT_CONFIG": str(self.file())},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_sensors_measure_is_shown(desk: Desk) -> None:
    desk.device("load", voltage=12_000, current=1_500, power=18_000)
    desk.device("panel", "silent", power=1)
    found = desk.run("try", "--count", "2", "--every", "0")
    assert found.code == 1, found.err
    assert found.out.count("load: voltage 12 V  current 1.5 A  power 18 W  0.0 s ago") == 2
    assert "panel: FAILED: no answer" in found.out
    only = desk.run("try", "load", "--count", "1", "--json")
    assert only.code == 0
    load = json.loads(only.out)["sensors"]["load"]
    assert (load["ok"], load["quality"], load["values"]["power"]) == (True, "good", 18_000)


def test_a_driver_is_tried_before_it_is_configured(desk: Desk) -> None:
    desk.device("x", power=5_000)
    path = desk.sensors["x"]["path"]
    found = desk.run("try", "--driver", "file", "-o", f"path={path}", "--count", "1")
    assert (found.code, found.out.startswith("file: power 5 W")) == (0, True)
    wrong = desk.run("try", "--driver", "fil", "--count", "1")
    assert wrong.code == 1 and "did you mean 'file'" in wrong.out


def test_what_a_running_logger_reads_is_shown_as_it_sees_it(desk: Desk) -> None:
    desk.device("load", power=1)
    stale = Status(driver="file", state=State.STALE, reason="it has had nothing new for 9 s", taken=0.0,
                   values={"power": 7_000})  # fmt: skip
    ended = threading.Event()

    def logs() -> None:
        while not ended.wait(0.2):
            status.write(desk.folder / "run", {"load": stale})

    logger = threading.Thread(target=logs)
    logger.start()
    found = desk.run("try", "--count", "1")
    ended.set()
    logger.join()
    assert found.code == 1
    assert "load: stale: it has had nothing new for 9 s (last: power 7 W, " in found.out


def test_a_sensor_that_is_not_configured_is_named(desk: Desk) -> None:
    desk.device("load", power=1)
    found = desk.run("try", "lod")
    assert found.code == 64 and "there is no sensor 'lod'; there are: load" in found.err


def test_zero_and_gain_are_found_and_printed_to_paste(desk: Desk) -> None:
    desk.device("load", voltage=12_000, current=13, power=156)
    found = desk.run("calibrate", "load", "--zero", *QUICKLY)
    assert found.code == 0, found.err
    assert "    calibration:\n      current: {zero: 13, gain: 1}" in found.out
    desk.sensors["load"]["calibration"] = {"current": {"zero": 13, "gain": 1.0}}
    desk.device("load", voltage=12_000, current=1_513, power=18_156)
    found = desk.run("calibrate", "load", "--true", "1.53A", *QUICKLY, "--json")
    assert found.code == 0, found.err
    told = json.loads(found.out)
    assert (told["zero"], told["gain"], told["samples"]) == (13, 1.02, 20)


def test_nonsense_is_refused_with_its_reason(desk: Desk) -> None:
    desk.sensors["load"] = {}
    desk.device("load", voltage=230_000, current=1_000, power=100_000)
    desk.sensors["load"] = {"driver": "file", "path": str(desk.folder / "load.device"), "rating": "300 W"}
    found = desk.run("calibrate", "load", "--true", "1A", *QUICKLY)
    assert found.code == 1 and "refused: its power is not voltage times current" in found.out
    found = desk.run("calibrate", "load", "--true", "5W", *QUICKLY)
    assert found.code == 1 and "refused: a load of 5000 is too small" in found.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--true", "1.5"), "write a number with a unit: 1.5A"),
        (("--true", "1.5A", "--quantity", "power"), "1.5A is a current, not a power"),
        (("--true", "1A", "--zero"), "give --zero, or --true AMOUNT"),
        ((), "give --zero, or --true AMOUNT"),
    ],
)
def test_a_wrong_command_line_is_answered_with_what_to_write(
    desk: Desk, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    desk.device("load", power=1)
    assert run(["sensor", "calibrate", "load", *arguments, "-c", str(desk.file())]) == 64
    assert why in capsys.readouterr().err


def test_a_scan_of_a_host_without_buses_says_so(desk: Desk) -> None:
    found = desk.run("scan", "--json")
    told = json.loads(found.out)
    assert found.code == 0 and set(told) == {"found", "notes", "yaml"}
