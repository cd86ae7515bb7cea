"""What logging writes on a card: five sensors each second, on an ext4 in a file, as its device counts.

A few hours of samples as fast as they go, whose bytes do not depend on time, beside a database that stores
every five seconds. And minutes of a real logger in real time, whose device also gets what the file system
notes down beside the samples, its journal: each `commit=` seconds, 5 if nothing is said. That figure has a
batch in it once in fifteen minutes. Beside it the floor: one block of a file that is there, written anew and
synced as often as the logger syncs, without which no program keeps ten seconds. Needs root, for the loop
device.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from node.logger.recorder import Recorder
from node.readings import Sample
from node.readings.settings import ReadingsSettings
from node.readings.spool import Spool
from node.readings.spool.frame import BLOCK
from node.readings.sqlite import SqliteReadings
from tests.integration.node.logger.driver import command, device, environment, install

METERS = ("battery", "feed-1", "load", "panel", "tie-11")
START = 1_764_460_800
"""Unix seconds."""

HOURS, WARM = 6, 1
PEER_HOURS = 0.5
MINUTES = float(os.environ.get("THRIFT_MINUTES", "16"))
"""Of the real logger, on each way to mount."""

MOUNTS = tuple(os.environ.get("THRIFT_MOUNTS", "noatime noatime,commit=60").split())

TARGET, CPU_TARGET = 1_000, 0.02
"""Bytes a second; of a core."""

FLOOR_SYNCS = 12
"""At least: the floor is looked at for two minutes, and for twice what the file system waits."""

SECTOR = 512
IMAGE = "1G"


@dataclass(frozen=True)
class Disk:
    """A file system of its own."""

    folder: Path
    name: str
    """Of its block device."""

    @property
    def written(self) -> int:
        """Bytes that its device was given to write."""
        os.sync()
        return int(Path(f"/sys/block/{self.name}/stat").read_text().split()[6]) * SECTOR


def main() -> None:
    """Print every figure."""
    if os.geteuid():
        print("skipped: it needs root, for a loop device")
        return
    with disk("noatime") as card:
        ours = fast(card, HOURS)
    with disk("noatime") as card:
        peers = stored_at_once(card, PEER_HOURS)
    told("samples alone", ours, f"stored each 5 s {peers:8.0f} B/s   {ours / peers:5.2f} x", TARGET)
    for options in MOUNTS:
        waits = re.search(r"commit=(\d+)", options)
        syncs = 0 if waits is None else 2 * int(waits[1]) // ReadingsSettings().sync
        with disk(options) as card:
            floor = one_block(card, max(int(syncs), FLOOR_SYNCS))
        with disk(options) as card:
            rate, cpu = real(card, MINUTES)
        told(f"a logger, {options}", rate, f"in {MINUTES:g} min; one block a sync {floor:.0f} B/s", TARGET)
        met = "met" if cpu <= CPU_TARGET else "MISSED"
        print(f"{'  its processor':32} {cpu:8.2%} of a core  (target {CPU_TARGET:.0%}: {met})")
    print(f"load of this machine at the end: {os.getloadavg()[0]:.1f}")


def told(name: str, rate: float, beside: str, target: float) -> None:
    """One line."""
    judged = "met" if rate <= target else "MISSED"
    print(f"{name:32} {rate:8.0f} B/s   {beside}  (target {target:g}: {judged})", flush=True)


def fast(card: Disk, hours: float) -> float:
    """Bytes a second of samples that are recorded as the logger does, but not in their own time."""
    now = float(START)
    spool = Spool(card.folder / "spool", 64_000_000)
    settings = ReadingsSettings()
    recorder = Recorder(
        settings, lambda: SqliteReadings(card.folder / "readings.db"), spool,
        run=card.folder.parent / "run", state=lambda: {"meters": [[name, now] for name in METERS]},
        wall=lambda: now,
    )  # fmt: skip
    made, before = samples(), 0
    for second in range(round((WARM + hours) * 3_600)):
        if second == WARM * 3_600:
            before = card.written
        for sample in next(made):
            recorder.add(sample)
        now += 1
        if second % settings.sync == 0:
            recorder.sync()
        if now % settings.batch == settings.sync:
            recorder.store()
    written = card.written - before
    recorder.close()
    return written / hours / 3_600


def stored_at_once(card: Disk, hours: float) -> float:
    """Bytes a second of a database that is synced with each batch of five seconds."""
    with SqliteReadings(card.folder / "readings.db") as readings:
        made, before, waiting = samples(), card.written, list[Sample]()
        for second in range(round(hours * 3_600)):
            waiting += next(made)
            if second % 5 == 4:
                readings.append(waiting)
                waiting = []
        return (card.written - before) / hours / 3_600


def one_block(card: Disk, syncs: int) -> float:
    """Bytes a second of a block that is written over and synced."""
    descriptor = os.open(card.folder / "block", os.O_RDWR | os.O_CREAT)
    try:
        os.write(descriptor, bytes(BLOCK))
        os.fsync(descriptor)
        before, began = card.written, time.monotonic()
        for number in range(syncs):
            os.pwrite(descriptor, bytes([number % 256]) * BLOCK, 0)
            os.fdatasync(descriptor)
            time.sleep(ReadingsSettings().sync)
        return (card.written - before) / (time.monotonic() - began)
    finally:
        os.close(descriptor)


def real(card: Disk, minutes: float) -> tuple[float, float]:
    """Bytes a second, and of a core, of a logger's own process."""
    with tempfile.TemporaryDirectory() as outside:
        around = Path(outside)
        install(around / "packages")
        told_ = {
            "sensors": {name: {"driver": "file", "path": str(around / name)} for name in METERS},
            "battery": None,
            "readings": {},
            "run": str(around / "run"),
            "state": str(card.folder),
        }
        dice, forward = random.Random(1), dict.fromkeys(METERS, 0)
        with (around / "log").open("w") as log:
            process = subprocess.Popen(command(told_), env=environment(around / "packages"), stderr=log)
        try:
            move(around, dice, forward, 60)
            seen = psutil.Process(process.pid)
            before, busy, began = card.written, sum(seen.cpu_times()[:2]), time.monotonic()
            move(around, dice, forward, minutes * 60)
            took = time.monotonic() - began
            return (card.written - before) / took, (sum(seen.cpu_times()[:2]) - busy) / took
        finally:
            process.terminate()
            process.wait()


def move(around: Path, dice: random.Random, forward: dict[str, int], seconds: float) -> None:
    """Let the devices measure something else each second."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name in METERS:
            power = max(round(dice.gauss(24_000, 900)), 0)
            forward[name] += power // 3_600
            device(
                around / name,
                power=power,
                voltage=round(dice.gauss(12_000, 15)),
                forward=forward[name],
                reverse=0,
            )
        time.sleep(1)


def samples() -> Iterator[list[Sample]]:
    """Each second's, of powers that wander as those of real loads do."""
    dice = random.Random(1)
    power, counted, second = dict.fromkeys(METERS, 24_000), dict.fromkeys(METERS, 0), START
    while True:
        made = []
        for name in METERS:
            power[name] = max(round(power[name] + dice.gauss(0, 300)), 0)
            counted[name] += power[name]
            voltage = round(dice.gauss(12_000, 15))
            made.append(
                Sample(
                    meter=name,
                    taken=second * 1_000 + dice.randrange(9),
                    voltage=voltage,
                    current=power[name] * 1_000 // voltage,
                    power=power[name],
                    forward=counted[name] // 3_600,
                    reverse=0,
                    soc=5_000 + second % 100 if name == "battery" else None,
                )
            )
        second += 1
        yield made


@contextmanager
def disk(options: str) -> Iterator[Disk]:
    """An ext4 in a file, mounted with these options."""
    with tempfile.TemporaryDirectory() as outside:
        image, folder = Path(outside) / "image", Path(outside) / "card"
        folder.mkdir()
        run("truncate", "-s", IMAGE, str(image))
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        loop = run("losetup", "-f", "--show", str(image))
        try:
            run("mount", "-o", options, loop, str(folder))
            try:
                yield Disk(folder, Path(loop).name)
            finally:
                run("umount", str(folder))
        finally:
            run("losetup", "-d", loop)


def run(*words: str) -> str:
    """What a command prints.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
