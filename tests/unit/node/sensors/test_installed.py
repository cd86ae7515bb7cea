"""The drivers that come with Commonwatt are entry points, as those of others."""

from __future__ import annotations

from node.sensors.driver import find, installed


def test_our_own_drivers_are_installed_and_can_be_imported() -> None:
    assert {"ina219", "esp32", "acs712-serial", "simulated"} <= set(installed())
    assert find("ina219").__name__ == "Ina219"
    assert find("esp32").__name__ == "Esp32"
    assert find("acs712-serial").__name__ == "Acs712Serial"
