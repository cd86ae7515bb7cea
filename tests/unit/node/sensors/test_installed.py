"""The drivers that come with Commonwatt are entry points, as those of others."""

from __future__ import annotations

from node.sensors.driver import find, installed


def test_our_own_drivers_are_installed_and_can_be_imported() -> None:
    assert {"ina219", "simulated"} <= set(installed())
    assert find("ina219").__name__ == "Ina219"
