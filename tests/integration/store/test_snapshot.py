"""Snapshots and registers: replaced whole, aged by the boot clock, nothing of another boot believed."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from store import registers, snapshot
from store.errors import Unwritable
from store.registers import Register


def test_what_was_written_is_read_with_its_age(tmp_path: Path) -> None:
    now = snapshot.boottime()
    snapshot.write(tmp_path / "battery.json", {"soc": 4_200, "method": "coulomb"}, now - 2)
    found = snapshot.read(tmp_path / "battery.json")
    assert found is not None
    assert found.fields == {"soc": 4_200, "method": "coulomb"}
    assert found.age(now) == pytest.approx(2)
    assert found.age() >= 2


def test_without_a_time_it_was_sampled_now(tmp_path: Path) -> None:
    before = snapshot.boottime()
    snapshot.write(tmp_path / "x.json", {})
    found = snapshot.read(tmp_path / "x.json")
    assert found is not None and before <= found.sampled <= snapshot.boottime()


def test_the_group_may_read_and_nobody_else(tmp_path: Path) -> None:
    snapshot.write(tmp_path / "made" / "x.json", {})
    assert (tmp_path / "made" / "x.json").stat().st_mode & 0o7 == 0


def test_a_snapshot_leaves_nothing_else_behind(tmp_path: Path) -> None:
    for number in range(3):
        snapshot.write(tmp_path / "x.json", {"n": number})
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"soc": 1}', '{"sampled_ns": "x", "boot_id": 1}', "\xff"]
)
def test_what_is_torn_or_no_snapshot_counts_as_absent(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="latin-1")
    assert snapshot.read(tmp_path / "x.json") is None


def test_a_snapshot_of_another_boot_counts_as_absent(tmp_path: Path) -> None:
    snapshot.write(tmp_path / "x.json", {})
    fields = json.loads((tmp_path / "x.json").read_text())
    (tmp_path / "x.json").write_text(json.dumps({**fields, "boot_id": "another"}))
    assert snapshot.read(tmp_path / "x.json") is None


def test_a_snapshot_from_the_future_is_not_believed(tmp_path: Path) -> None:
    snapshot.write(tmp_path / "x.json", {}, snapshot.boottime() + 60)
    assert snapshot.read(tmp_path / "x.json") is None


def test_an_absent_snapshot_is_none(tmp_path: Path) -> None:
    assert snapshot.read(tmp_path / "x.json") is None
    assert registers.read(tmp_path, "tie-11") is None


def test_a_folder_that_cannot_be_used_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match=r"cannot write .*x\.json.*paths\.run"):
        snapshot.write(tmp_path / "file" / "x.json", {})


def test_a_reader_never_sees_half_of_a_snapshot(tmp_path: Path) -> None:
    path, stop = tmp_path / "x.json", threading.Event()
    snapshot.write(path, {"n": 0, "padding": ""})

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            snapshot.write(path, {"n": number, "padding": "x" * (number % 5_000)})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [snapshot.read(path) for _ in range(2_000)]
    finally:
        stop.set()
        writer.join()
    assert None not in seen
    numbers = [found.fields["n"] for found in seen if found is not None]
    assert numbers == sorted(numbers)


def test_a_register_is_read_as_it_was_written(tmp_path: Path) -> None:
    register = Register(meter="tie-11", forward=12, reverse=3, power=-45, sampled=snapshot.boottime())
    registers.write(tmp_path / "meters", register)
    assert registers.read(tmp_path / "meters", "tie-11") == register
    assert register.age(register.sampled + 4) == 4


@pytest.mark.parametrize(
    "change", [{"forward": -1}, {"forward": "12"}, {"reverse": None}, {"power": 1.5}, {"meter": "other"}]
)
def test_a_register_that_makes_no_sense_counts_as_absent(tmp_path: Path, change: dict[str, object]) -> None:
    good = {"meter": "tie-11", "forward": 1, "reverse": 2, "power": 3}
    snapshot.write(tmp_path / "tie-11.json", {**good, **change})
    assert registers.read(tmp_path, "tie-11") is None


def test_a_snapshot_is_written_though_an_earlier_writer_was_killed_halfway(tmp_path: Path) -> None:
    (tmp_path / ".x.json.new").write_text('{"half')
    snapshot.write(tmp_path / "x.json", {"n": 1})
    found = snapshot.read(tmp_path / "x.json")
    assert found is not None and found.fields == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
