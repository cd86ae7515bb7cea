"""The drivers that come with Commonwatt are entry points, as those of others."""

from __future__ import annotations

import subprocess
import sys

from node.sensors.driver import find, installed

OURS = {
    "acs712-serial", "adc", "citizenwatt", "esp32", "http", "ina219", "max17043", "modbus", "mqtt",
    "simulated",
}  # fmt: skip


def test_our_own_drivers_are_installed_and_can_be_imported() -> None:
    assert set(installed()) >= OURS
    for name in OURS:
        assert callable(find(name))


def test_a_driver_is_imported_without_the_libraries_that_its_device_needs() -> None:
    """Whoever has no such device pays for none of them: 2 to 8 MB each."""
    names = [
        point.value.partition(":")[0]
        for name, point in installed().items()
        if name in OURS - {"acs712-serial"}
    ]
    heavy = ["paho", "pymodbus", "smbus2", "gpiozero", "urllib3", "yaml", "pydantic", "asyncio", "ina219"]
    code = f"import sys\nimport {', '.join(names)}\nprint([one for one in {heavy} if one in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
