"""What may happen to a neighbourhood beside a dying process, each once, in the middle of a supply."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e import clocked
from tests.e2e.matrix import Matrix, Summary
from tests.e2e.neighbourhood import COMMONWATT, Neighbourhood, neighbourhood
from tests.e2e.schedules import PROCESSES, Schedule, Strike

MINUTE = 60.0
"""Seconds for which the chain is down."""

GOES_ON = 5.0
"""Seconds for which a supply in its first half goes on in any case."""

CUT = 25.0
"""Seconds for which a household is cut off: longer than a lease, shorter than a supply."""

DISK = 24
"""MiB of a household's small disk: its databases, and little more."""

HOUR = 3_600
"""Seconds by which a clock is set."""

SIDES = ("buyer", "seller")

PROGRAM = (str(COMMONWATT), "demo")

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@contextmanager
def audited(
    folder: Path, address: int, program: Sequence[str] = PROGRAM
) -> Iterator[tuple[Neighbourhood, Matrix]]:
    """A neighbourhood whose books are compared when the block ends.

    Args:
        address: its first address' last number. Each test has its own four, for two run at a time.
    """
    summary = Summary()
    with neighbourhood(folder, f"127.0.23.{address}", program=program) as street:
        matrix = Matrix(street, summary)
        with matrix.hurt():
            yield street, matrix
        matrix.finish()
    print(summary)
    assert summary.wrong == []
    assert summary.ends["settled"] > 0


def of(street: Neighbourhood, *households: str, but: tuple[str, ...] = ()) -> list[psutil.Process]:
    """All processes of some households."""
    return [
        each
        for household in households
        for process in PROCESSES
        if process not in but
        for each in street.processes(household, process)
    ]


def everything(whose: str) -> Schedule:
    """All processes of one household, at once."""
    return Schedule(seed=0, moment="supplied", strikes=(Strike(after=0.0, whose=whose, processes=PROCESSES),))


@pytest.mark.parametrize("whose", SIDES)
def test_every_process_of_one_household_dies_at_once(tmp_path: Path, whose: str) -> None:
    with audited(tmp_path / "street", 21 + 10 * SIDES.index(whose)) as (_, matrix):
        matrix.play(everything(whose))


def test_every_process_of_all_households_dies_at_once(tmp_path: Path) -> None:
    with audited(tmp_path / "street", 41) as (street, matrix):
        strikes = tuple(Strike(after=0.0, whose=name, processes=PROCESSES) for name in street.names)
        matrix.play(Schedule(seed=0, moment="supplied", strikes=strikes))


def test_the_chain_is_down_for_a_minute_in_the_middle_of_a_supply(tmp_path: Path) -> None:
    with audited(tmp_path / "street", 61) as (street, _):
        buyer, seller, _ = street.supplied()
        line = next(x for x in street.scenario.bought_by(buyer) if x.seller == seller)
        supervisors = [p for name in street.names for p in street.processes(name, "chain")]
        for each in supervisors:
            each.suspend()
        down = time.time()
        for name in street.names:
            street.kill(name, "geth")
        time.sleep(GOES_ON)
        # A running supply outlives a chain that stands still: voucher and lease need none.
        opened = [s for s in street.switchings(f"{buyer}.tie-{line.tie}") if s["at"] > down]
        assert opened == []
        time.sleep(MINUTE - GOES_ON)
        for each in supervisors:
            each.resume()


@pytest.mark.parametrize("whose", SIDES)
def test_a_household_is_cut_off_in_the_middle_of_a_supply(tmp_path: Path, whose: str) -> None:
    # What stands still sends and answers nothing, as behind a cut cable. Its relay goes on: its contacts are
    # held by a timer of their own in the field, which the simulated pins do not have.
    with audited(tmp_path / "street", 81 + 10 * SIDES.index(whose)) as (street, _):
        buyer, seller, _ = street.supplied()
        frozen = of(street, buyer if whose == "buyer" else seller, but=("relay",))
        for each in frozen:
            each.suspend()
        time.sleep(CUT)
        for each in frozen:
            with suppress(psutil.NoSuchProcess):
                each.resume()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("household", ["birch", "alder"])
def test_the_clock_of_a_household_is_set_by_an_hour(tmp_path: Path, household: str, step: int) -> None:
    if clocked.library() is None:
        pytest.skip("setting one household's clock needs libfaketime: apt-get install faketime")
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    program = (sys.executable, "-m", "tests.e2e.clocked", household, str(clock))
    with audited(tmp_path / "street", 101 + 10 * (household == "alder") + 5 * (step > 0), program) as (
        street,
        _,
    ):
        buyer, seller, order = street.supplied()
        while household not in (buyer, seller):
            buyer, seller, order = street.supplied(other_than={order})
        clock.write_text(f"{step:+}\n")
        time.sleep(CUT)
        clock.write_text("+0\n")
        time.sleep(CUT)


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path, list[psutil.Process]], None]]:
    """Puts a folder on a small disk of its own, as its users find it after a power cut."""
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small disk needs root: run this test as root")
    mounted: list[Path] = []

    def onto(folder: Path, users: list[psutil.Process]) -> None:
        for each in users:
            each.suspend()
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
        subprocess.run([mount, "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)], check=True)
        mounted.append(folder)
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        for each in users:
            each.kill()

    yield onto
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("whose", SIDES)
def test_a_households_disk_is_full_in_the_middle_of_a_supply(
    tmp_path: Path, small_disk: Callable[[Path, list[psutil.Process]], None], whose: str
) -> None:
    with audited(tmp_path / "street", 121 + 10 * SIDES.index(whose)) as (street, _):
        buyer, seller, order = street.supplied()
        state = street.folder / (buyer if whose == "buyer" else seller) / "state"
        small_disk(state, of(street, buyer if whose == "buyer" else seller))
        found = (buyer, seller, order)
        while (buyer if whose == "buyer" else seller) not in found[:2] or found[2] == order:
            found = street.supplied(other_than={found[2]})
        fill(state / "filler")
        time.sleep(CUT)
        (state / "filler").unlink()


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(65_536))
