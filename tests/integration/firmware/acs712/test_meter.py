"""The current meter's firmware, compiled for its chip and run in simavr: what it says of known currents."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.sensors.acs712_line import Line, read_framed, read_plain

FIRMWARE = Path(__file__).parents[4] / "firmware" / "acs712"
SIMULATOR = Path(__file__).with_name("simulated.c")

NEEDED = {
    "gcc": shutil.which("gcc"),
    "gcc-avr": shutil.which("avr-g++"),
    "avr-libc": Path("/usr/lib/avr/include/avr/io.h").exists(),
    "arduino-core-avr": Path("/usr/share/arduino/hardware/arduino/avr/cores/arduino").exists(),
    "libsimavr-dev": Path("/usr/include/simavr/sim_avr.h").exists(),
    "libelf-dev": Path("/usr/include/libelf.h").exists(),
}
MISSING = [package for package, there in NEEDED.items() if not there]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"sudo apt install {' '.join(MISSING)}")

SENSITIVITY = 185.0
"""mV an ampere, of the ACS712-05B."""


@dataclass
class Meter:
    """The compiled firmware on a desk; its EEPROM is a file."""

    simulator: Path
    firmware: Path
    eeprom: Path

    def run(self, seconds: float = 1.25, send: tuple[str, ...] = (), **wave: object) -> list[str]:
        plan = [f"seconds={seconds}", f"eeprom={self.eeprom}", *(f"send={each}" for each in send)]
        plan += [f"{key}={value}" for key, value in wave.items()]
        command = [str(self.simulator), str(self.firmware), *plan]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return [line.rstrip() for line in done.stdout.splitlines(keepends=True) if line.endswith("\n")]

    def measure(self, **wave: object) -> Line:
        """The last second of a run."""
        return read_framed(self.run(**wave)[-1].encode())  # type: ignore[arg-type]


def _built(target: Path) -> Path:
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-I/usr/include/simavr"]
    libraries = ["-lsimavr", "-lelf", "-lm"]
    subprocess.run(["gcc", *options, str(SIMULATOR), *libraries, "-o", str(target / "simulated")], check=True)
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    made = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), f"OUT={target}"],
        capture_output=True, text=True, check=False, env=clean,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3_000:]
    assert (target / "acs712.hex").stat().st_size > 10_000
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(tmp_path_factory.mktemp("acs712"))


@pytest.fixture(scope="module")
def set_to_ac(built: Path) -> bytes:
    """The EEPROM of a meter that was told `mode ac` by its command."""
    eeprom = built / "ac.eeprom"
    said = Meter(built / "simulated", built / "acs712.elf", eeprom).run(0.4, ("0.2:mode ac",))
    assert said == ["# mode A format F sensitivity 185000 nominal 230000 zero 0 noise 0 not calibrated"]
    return eeprom.read_bytes()


@pytest.fixture
def new(built: Path, tmp_path: Path) -> Meter:
    """A meter with an empty EEPROM."""
    return Meter(built / "simulated", built / "acs712.elf", tmp_path / "eeprom")


@pytest.fixture
def alternating(new: Meter, set_to_ac: bytes) -> Meter:
    new.eeprom.write_bytes(set_to_ac)
    return new


@pytest.mark.parametrize(
    "wave",
    [
        {"amplitude": 500, "hz": 50},
        {"amplitude": 500, "hz": 60},
        {"amplitude": 500, "hz": 49.8},
        {"amplitude": 500, "hz": 60.3},
        {"amplitude": 80, "hz": 50},
        {"amplitude": 2_300, "hz": 60},
        {"amplitude": 700, "hz": 50, "offset": 2_380},
        {"amplitude": 700, "hz": 60, "offset": 2_655},
        {"amplitude": 600, "hz": 50, "third": 0.35, "fifth": 0.2},
        {"amplitude": 400, "hz": 60, "third": -0.5, "fifth": 0.3, "offset": 2_450},
        {"amplitude": 900, "hz": 50, "square": 1},
    ],
    ids=lambda wave: " ".join(f"{key}={value}" for key, value in wave.items()),
)
def test_true_rms_is_within_one_percent(alternating: Meter, wave: dict[str, float]) -> None:
    parts = (1, wave.get("third", 0), wave.get("fifth", 0))
    rms = wave["amplitude"] * (1 if wave.get("square") else math.sqrt(sum(p * p for p in parts) / 2))
    line = alternating.measure(**wave)
    assert line.current == pytest.approx(rms / SENSITIVITY * 1_000, rel=0.01)
    assert line.power == pytest.approx(rms / SENSITIVITY * 230_000, rel=0.01)
    assert not line.clipped


@pytest.mark.parametrize("millivolts", [925, -925, 370])
def test_direct_current_is_measured_from_the_calibrated_zero(new: Meter, millivolts: int) -> None:
    said = new.run(2.2, ("0.2:zero",), offset=2_471, noise=12)
    assert "# zero stored" in said
    line = new.measure(offset=2_471 + millivolts, noise=12, gauge="3700,41.66")
    assert line.current == pytest.approx(millivolts / SENSITIVITY * 1_000, rel=0.01)
    assert line.power == pytest.approx(3.7 * millivolts / SENSITIVITY * 1_000, rel=0.01)
    assert (line.voltage, line.soc) == (3_700, 4_166)


def test_the_sensors_own_noise_is_taken_off(alternating: Meter) -> None:
    alternating.run(1.3, ("0.2:zero",), noise=20)
    quiet = alternating.measure(noise=20)
    assert quiet.current is not None
    assert quiet.current < 15
    line = alternating.measure(amplitude=90, hz=50, noise=20)
    assert line.current == pytest.approx(90 / math.sqrt(2) / SENSITIVITY * 1_000, rel=0.01)


def test_a_zero_is_not_taken_while_current_flows(new: Meter) -> None:
    for wave in ({"amplitude": 500}, {"offset": 3_100}):
        said = new.run(1.3, ("0.2:zero",), **wave)
        assert "# zero refused: current is flowing, or the sensor is not on A0" in said


def test_a_clipped_wave_is_told(alternating: Meter) -> None:
    assert alternating.measure(amplitude=2_600).clipped


def test_without_a_fuel_gauge_its_fields_are_empty(new: Meter) -> None:
    line = new.measure(offset=2_503)
    assert line == Line(current=0, voltage=None, soc=None, power=None)


def test_it_counts_a_line_a_second(new: Meter) -> None:
    said = new.run(3.3)
    assert [line.split(",")[1] for line in said] == ["0", "1", "2"]


def test_settings_survive_a_power_cut_and_broken_ones_do_not(new: Meter) -> None:
    new.run(0.5, ("0.2:sensitivity 66000",))
    assert "sensitivity 66000" in new.run(0.5, ("0.2:show",))[0]
    broken = bytearray(new.eeprom.read_bytes())
    broken[12] ^= 1
    new.eeprom.write_bytes(broken)
    assert "sensitivity 185000" in new.run(0.5, ("0.2:show",))[0]


@pytest.mark.parametrize("text", ["mode", "mode dcx", "sensitivity", "sensitivity 1", "nominal -1", "x" * 60])
def test_what_is_no_command_is_answered_by_the_commands(new: Meter, text: str) -> None:
    [said] = new.run(0.6, (f"0.2:{text}",))
    assert said.startswith("# zero | mode ac|dc | format framed|plain")


def test_the_prototypes_plain_line_is_printed_as_well(new: Meter) -> None:
    new.run(1.3, ("0.2:zero", "0.3:format plain"), noise=12)
    line = read_plain(new.run(1.3, offset=2_870, noise=12, gauge="3700,41.66")[-1].encode())
    assert (line.voltage, line.soc) == (3_700, 4_166)
    assert line.power == pytest.approx(7_400, rel=0.01)
