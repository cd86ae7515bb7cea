"""A sensor driver for tests, installed as any third party's would be: a package with an entry point.

Its device is a small JSON file, `{"mode": …, "power": mW, "forward": mWh}`, so that a test in another
process decides what the device does. A device that counts is moved by the test alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

DRIVER = """
import json, time
from pathlib import Path
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import SensorError
from store.snapshot import boottime

class FileMeter:
    def __init__(self, options):
        self.path = Path(options["path"])
        if json.loads(self.path.read_text())["mode"] == "unplugged":
            raise SensorError("it is unplugged")
    def read(self):
        device = json.loads(self.path.read_text())
        mode = device.pop("mode")
        if mode == "silent":
            raise SensorError("no answer")
        if mode == "broken":
            raise ZeroDivisionError("a bug in the driver")
        if mode == "exits":
            raise SystemExit(3)
        if mode == "hangs":
            time.sleep(3600)
        if mode == "nonsense":
            return [Measurement(Quantity.POWER, 10**12, boottime())]
        taken = 1.0 if mode == "frozen" else boottime()
        return [Measurement(Quantity(name), value, taken) for name, value in device.items()]
    def close(self):
        pass
"""


def install(folder: Path) -> None:
    """Make the package."""
    info = folder / "filemeter-1.dist-info"
    info.mkdir(parents=True)
    (folder / "filemeter.py").write_text(DRIVER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: filemeter\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[commonwatt.sensors]\nfile = filemeter:FileMeter\n")


def environment(folder: Path) -> dict[str, str]:
    """In which the package is found."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)}


def device(path: Path, mode: str = "works", **values: int) -> None:
    """Let the device do something, from one moment to the next."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"mode": mode, **values}))
    fresh.replace(path)


RUN = """
import json, sys
from pathlib import Path
from chain.daemon import Stop, main
from node.logger.run import run
from node.logger.settings import BatterySettings
from node.readings.settings import ReadingsSettings
from node.sensors.settings import SensorSettings
told = json.loads(sys.argv[1])
stop = Stop().on_signals()
sys.exit(main(lambda: run(
    {name: SensorSettings(**options) for name, options in told["sensors"].items()},
    BatterySettings(**told["battery"]) if told["battery"] else None,
    ReadingsSettings(**told["readings"]),
    run_folder=Path(told["run"]), state_folder=Path(told["state"]), stop=stop,
)))
"""


def command(told: Mapping[str, object]) -> list[str]:
    """The logger as a process of its own."""
    return [sys.executable, "-c", RUN, json.dumps(told)]
