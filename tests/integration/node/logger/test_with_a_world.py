"""The logger on simulated sensors, held against the true energies of the world that they sit in."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.integration.node.logger.test_process import Bench, bench, wait_until  # noqa: F401 - fixture
from tests.integration.simulation.test_drivers import World, supply, world  # noqa: F401 - fixture

WITHIN = 0.01
"""Of the energy, or `FLOOR`, whichever is more."""

FLOOR = 20
"""mWh."""


@pytest.fixture
def logging(bench: Bench, world: World) -> Iterator[Bench]:  # noqa: F811
    """Birch's meters, sampled ten times a second."""
    for meter in ("load", "battery", "tie-11"):
        bench.sensors[meter] = {"driver": "simulated", "world": world.socket, "point": f"birch.{meter}"}
    bench.battery = {"sensor": "battery", "capacity": "3 Wh", "fuelgauge": True}
    bench.start()
    wait_until(lambda: all(bench.live(meter) for meter in bench.sensors))
    yield bench


def truth(world: World) -> dict[str, float]:  # noqa: F811
    """The energies of the world, mWh, by birch's meters."""
    all_of_it = world.client.ask("truth")["truth"]
    birch = all_of_it["homes"]["birch"]
    return {
        "load": birch["load"],
        "battery": birch["battery_in"],
        "tie-11": sum(line["received"] for line in all_of_it["lines"].values()),
    }


def at_one_moment(logging: Bench, world: World) -> tuple[dict[str, int], dict[str, float]]:  # noqa: F811
    """What the meters show, and what is true: read so quickly that little flowed meanwhile."""
    while True:
        earlier = truth(world)
        shown = {meter: logging.register(meter) for meter in logging.sensors}
        later = truth(world)
        if all(
            register is not None and register.age() < 0.3 and later[meter] - earlier[meter] < FLOOR / 4
            for meter, register in shown.items()
        ):
            return {meter: register.forward for meter, register in shown.items() if register}, later


def test_meters_agree_with_the_world(logging: Bench, world: World) -> None:  # noqa: F811
    supply(world)
    before, true_before = at_one_moment(logging, world)
    time.sleep(8)
    after, true_after = at_one_moment(logging, world)
    for meter in logging.sensors:
        true = true_after[meter] - true_before[meter]
        assert true > 50, meter  # mWh: there was something to measure
        assert after[meter] - before[meter] == pytest.approx(true, rel=WITHIN, abs=FLOOR), meter


def test_a_dead_sensor_ages_and_its_meter_catches_up(logging: Bench, world: World) -> None:  # noqa: F811
    supply(world)
    world.client.ask("mute", point="birch.tie-11", muted=True)
    wait_until(lambda: not logging.live("tie-11"))
    assert logging.live("load")
    world.client.ask("mute", point="birch.tie-11", muted=False)
    wait_until(lambda: logging.live("tie-11"))
    assert logging.forward("tie-11") == pytest.approx(truth(world)["tie-11"], abs=FLOOR)
