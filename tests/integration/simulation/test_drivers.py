"""The drivers against a real world process over its socket."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from node.sensors.driver import Quantity, open_sensor
from node.sensors.errors import OptionsRefused, SensorError
from relay_server.drivers.interface import load
from simulation.drivers.pins import SimulatedPins
from simulation.world import spec
from simulation.world.client import WorldClient, WorldGone
from simulation.world.spec import Defect
from tests.unit.simulation.bench_of_two import FEED_PIN, HOME_PIN, LINE, TIE, TIE_PIN, bench
from tests.waiting import PATIENCE


class World:
    """A world process that can be killed and started again."""

    def __init__(self, folder: Path, described: spec.WorldSpec | None = None) -> None:
        self.folder, self.socket = folder, str(folder / "world.sock")
        (folder / "world.json").write_text(spec.dump(described or bench()))
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "simulation.world"]
        for name, path in (("spec", "world.json"), ("socket", "world.sock"), ("folder", "state")):
            command += [f"--{name}", str(self.folder / path)]
        self.process = subprocess.Popen(command, stderr=(self.folder / "log").open("a"))
        self.client = WorldClient(self.socket, patience=PATIENCE)
        self.client.ask("truth")

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE)


@pytest.fixture
def world() -> Iterator[World]:
    with TemporaryDirectory(prefix="cw-") as folder:
        running = World(Path(folder))
        yield running
        running.client.close()
        if running.process.poll() is None:
            running.end(signal.SIGTERM)


def eventually(true: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def pins(world: World, household: str) -> SimulatedPins:
    driver = load("simulated", {"world": world.socket, "household": household})
    assert isinstance(driver, SimulatedPins)
    return driver


def supply(world: World) -> tuple[SimulatedPins, SimulatedPins]:
    alder, birch = pins(world, "alder"), pins(world, "birch")
    alder.drive(FEED_PIN, True)
    birch.drive(HOME_PIN, True)
    assert eventually(lambda: alder.followed(FEED_PIN) is True and birch.followed(HOME_PIN) is True)
    assert birch.powered(TIE_PIN)
    birch.drive(TIE_PIN, True)
    assert eventually(lambda: birch.followed(TIE_PIN) is True)
    return alder, birch


def source(world: World) -> str | None:
    found = world.client.ask("truth")["truth"]["homes"]["birch"]["source"]
    assert found is None or isinstance(found, str)
    return found


def test_pins_switch_and_a_billing_meter_counts(world: World) -> None:
    drivers = supply(world)
    tie = open_sensor("tie-11", "simulated", {"world": world.socket, "point": TIE})
    assert eventually(lambda: any(m.quantity == Quantity.FORWARD and m.value > 10 for m in tie.read()))
    shown = {m.quantity for m in tie.read()}
    assert shown == {
        Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER, Quantity.FORWARD, Quantity.REVERSE,
    }  # fmt: skip
    for driver in drivers:
        driver.close()


def test_a_battery_tells_its_state_of_charge(world: World) -> None:
    battery = open_sensor("battery", "simulated", {"world": world.socket, "point": "birch.battery"})
    soc = next(m for m in battery.read() if m.quantity == Quantity.SOC)
    assert 4_900 < soc.value <= 5_000


BROKEN: Mapping[int, tuple[Defect | None, tuple[str, bool], tuple[str, bool]]] = {
    31: (None, ("followed", True), ("followed", True)),
    32: ("stuck", ("never", False), ("never", True)),
    33: ("stuck-open", ("never", False), ("never", True)),
    34: ("welded", ("followed", True), ("never", False)),
    35: ("slow", ("late", True), ("late", True)),
    36: ("bouncing", ("again and again", True), ("followed or never", True)),
}
"""By pin: how its contact is broken; what it does when its coil gets power, and when it loses it; and whether
its auxiliary contact is ever seen to agree with the coil in the end. One that bounces may just be open when
its coil loses power."""

LOOKED_AT = 1.6
"""World seconds after a coil's change."""


def broken_feeds(defects: Mapping[int, Defect | None]) -> spec.WorldSpec:
    """A bench on which Alder has a feed for each way to be broken."""
    sound = bench()
    others = tuple(
        spec.ContactSpec(name=f"alder.feed-{pin}", household="alder", pin=pin, kind="feed", defect=defect)
        for pin, defect in defects.items()
    )
    return replace(sound, contacts=(*sound.contacts, *others))


def moved(world: World, pin: int) -> str:
    """How a contact has moved since its coil's last change, by the world's own clock."""
    asked = world.client.ask("truth")
    since = asked["truth"]["contacts"][f"alder.feed-{pin}"]["since"]
    assert eventually(lambda: world.client.ask("truth")["truth"]["t"] > since + LOOKED_AT)
    after = [
        switching["at"] - asked["began"] - since
        for switching in world.client.ask("switchings")["switchings"]
        if switching["contact"] == f"alder.feed-{pin}" and switching["at"] - asked["began"] >= since
    ]
    if not after:
        return "never"
    if len(after) >= 5:
        return "again and again"
    return "late" if after[0] > 0.6 else "followed"


def agreed(driver: SimulatedPins, pin: int, within: float) -> bool:
    return eventually(lambda: driver.followed(pin) is True, within)


@pytest.mark.parametrize("by", ["the world's description", "the driver's option"])
def test_contacts_break_in_every_way_over_the_socket(by: str) -> None:
    defects = {pin: defect for pin, (defect, _, _) in BROKEN.items()}
    described = by.startswith("the world")
    with TemporaryDirectory(prefix="cw-") as folder:
        world = World(Path(folder), broken_feeds(defects if described else dict.fromkeys(defects)))
        given = {} if described else {"defects": {pin: defect for pin, defect in defects.items() if defect}}
        driver = load("simulated", {"world": world.socket, "household": "alder", **given})
        assert isinstance(driver, SimulatedPins)
        try:
            for energised in (True, False):
                for pin in BROKEN:
                    driver.drive(pin, energised)
                for pin, (defect, with_power, without) in BROKEN.items():
                    does, agrees = with_power if energised else without
                    assert moved(world, pin) in does.split(" or "), defect
                    assert agreed(driver, pin, 5.0 if agrees else 0.2) is agrees, defect
        finally:
            driver.close()
            world.client.close()
            world.end(signal.SIGTERM)


def test_lost_pins_de_energise_their_household_and_no_other(world: World) -> None:
    _, birch = supply(world)
    birch.close()
    assert eventually(lambda: source(world) == "home")
    assert world.client.ask("truth")["truth"]["contacts"]["alder.feed-1"]["closed"]


def test_a_world_that_was_killed_goes_on_and_its_pins_are_driven_again(world: World) -> None:
    _, birch = supply(world)
    before = world.client.ask("truth")["truth"]["lines"][LINE]["received"]
    world.end(signal.SIGKILL)
    world.start()
    assert birch.followed(TIE_PIN) is True
    assert eventually(lambda: source(world) == LINE)
    assert eventually(lambda: world.client.ask("truth")["truth"]["lines"][LINE]["received"] > before)


def test_a_world_that_is_gone_is_a_sensor_error_and_an_os_error(world: World) -> None:
    battery = open_sensor("battery", "simulated", {"world": world.socket, "point": "birch.battery"})
    birch = pins(world, "birch")
    world.end(signal.SIGTERM)
    with pytest.raises(SensorError, match="no world answers"):
        battery.read()
    with pytest.raises(WorldGone):
        birch.drive(TIE_PIN, True)


def test_a_muted_sensor_is_dead_until_it_is_repaired(world: World) -> None:
    battery = open_sensor("battery", "simulated", {"world": world.socket, "point": "birch.battery"})
    world.client.ask("mute", point="birch.battery", muted=True)
    with pytest.raises(SensorError, match="dead"):
        battery.read()
    world.client.ask("mute", point="birch.battery", muted=False)
    assert battery.read()


def test_wrong_options_are_named() -> None:
    with pytest.raises(OptionsRefused, match="point"):
        open_sensor("battery", "simulated", {"world": "x.sock"})


def test_a_world_leaves_no_socket_behind(world: World) -> None:
    world.end(signal.SIGTERM)
    assert world.process.returncode == 0
    assert not Path(world.socket).exists()
