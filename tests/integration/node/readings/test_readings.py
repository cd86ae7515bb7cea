"""What every store of readings does, on a real SQLite file and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from node.readings import Point, Readings, Sample, open_readings
from node.readings.checking import check
from node.readings.interface import Flow
from node.readings.proof import Report, made
from node.reports.covering import covered, digests
from node.sensors.driver import Quantity
from store.errors import StoreError, TooNew, Unopenable, Unreachable
from tests.integration.node.readings.conftest import Opener
from tests.integration.postgres import Server


def at_once(_: float) -> None:
    """In place of a second's pause."""


NOON = 1_750_000_000_000
SECOND = 1_000


def sample(second: int, meter: str = "battery", **values: int) -> Sample:
    return Sample(meter=meter, taken=NOON + second * SECOND, **values)


def test_what_was_stored_is_read_again_as_it_was(readings: Readings) -> None:
    full = sample(0, voltage=12_345, current=-678, power=-8_370, forward=2**40, reverse=7, soc=10_000)
    readings.append([full, sample(0, "load", power=5)])
    assert readings.latest() == {"battery": full, "load": sample(0, "load", power=5)}


def test_the_latest_is_by_time_and_not_by_arrival(readings: Readings) -> None:
    readings.append([sample(5, power=5)])
    readings.append([sample(3, power=3)])
    assert readings.latest()["battery"].power == 5


def test_a_chart_has_the_least_the_mean_and_the_most_of_each_slice(readings: Readings) -> None:
    readings.append([sample(second, power=second * 10, soc=second) for second in range(100)])
    chart = readings.between("battery", Quantity.POWER, NOON, NOON + 100 * SECOND, 11)
    assert chart[0] == Point(NOON, 0, 45, 90)
    assert chart[-1] == Point(NOON + 90 * SECOND, 900, 945, 990)
    assert len(chart) == 10


def test_a_chart_leaves_out_what_was_not_measured(readings: Readings) -> None:
    readings.append([sample(0, power=1), sample(50, voltage=1), sample(99, power=3)])
    chart = readings.between("battery", Quantity.POWER, NOON, NOON + 100 * SECOND, 101)
    assert [(point.at - NOON, point.mean) for point in chart] == [(0, 1), (99 * SECOND, 3)]


def test_a_chart_that_moves_on_keeps_its_slices(readings: Readings) -> None:
    readings.append([sample(second, power=second) for second in range(200)])
    earlier = readings.between("battery", Quantity.POWER, NOON, NOON + 100 * SECOND, 11)
    later = readings.between("battery", Quantity.POWER, NOON + SECOND, NOON + 101 * SECOND, 11)
    assert set(earlier[1:]) <= set(later)


def test_a_chart_of_an_unknown_meter_is_empty(readings: Readings) -> None:
    assert readings.between("nobody", Quantity.POWER, NOON, NOON + SECOND, 10) == []


def test_a_chart_without_span_is_refused(readings: Readings) -> None:
    with pytest.raises(ValueError, match="span"):
        readings.between("battery", Quantity.POWER, NOON, NOON, 10)


def test_energy_is_what_the_registers_counted_in_between(readings: Readings) -> None:
    readings.append([sample(s, forward=100 + s, reverse=2 * s) for s in range(0, 60, 10)])
    assert readings.energy("battery", NOON + 10_000, NOON + 30_000) == Flow(20, 40)
    assert readings.energy("battery", NOON + 15_000, NOON + 99_000) == Flow(40, 80)
    assert readings.energy("battery", NOON - 99_000, NOON + 20_000) == Flow(20, 40)
    assert readings.energy("battery", NOON - 99_000, NOON - 1_000) is None
    assert readings.energy("nobody", NOON, NOON + 1_000) is None


def test_two_samples_of_one_moment_are_kept_apart_when_the_clock_stepped_back(readings: Readings) -> None:
    readings.append([sample(0, power=1)])
    readings.append([sample(0, power=3)])
    assert readings.between("battery", Quantity.POWER, NOON, NOON + SECOND, 2)[0].mean == 2
    assert check(readings).intact


def test_a_batch_that_is_repeated_is_stored_once(readings: Readings) -> None:
    batch = [sample(0, power=1), sample(1, power=2)]
    readings.append(batch)
    readings.append(batch)
    assert [link.samples for link in readings.batches(NOON, NOON + 10 * SECOND)] == [2]


def test_nothing_is_no_batch(readings: Readings) -> None:
    readings.append([])
    assert readings.batches(0, NOON * 2) == []


def test_each_batch_is_bound_to_the_one_before_through_restarts(opener: Opener) -> None:
    for number in range(3):
        with opener() as readings:
            readings.append([sample(number, power=number)])
    with opener(read_only=True) as readings:
        first, second, third = readings.batches(NOON, NOON + 10 * SECOND)
        assert [first.number, second.number, third.number] == [1, 2, 3]
        assert len({first.digest, second.digest, third.digest}) == 3
        assert check(readings).intact


def test_both_stores_give_the_same_digest(tmp_path: Path, postgres_url: str) -> None:
    digests = set()
    for url in (None, postgres_url):
        with open_readings(url, tmp_path) as readings:
            readings.append(
                [sample(1, "tie-11", power=2), sample(0, "battery", soc=3), sample(0, "Ba", soc=4)]
            )
            readings.append([sample(9, "tie-11", forward=1, reverse=0)])
            assert check(readings).intact
            digests.add(readings.batches(NOON, NOON + 10 * SECOND)[-1].digest)
    assert len(digests) == 1


def test_both_stores_give_the_same_root_and_the_same_proof(tmp_path: Path, postgres_url: str) -> None:
    roots = set()
    for url in (None, postgres_url):
        with open_readings(url, tmp_path) as readings:
            for second in range(0, 60, 5):
                readings.append(
                    [sample(second + n, name, forward=n) for n in range(5) for name in ("b", "a", "B")]
                )
            found = covered(readings, NOON // 1_000, NOON // 1_000 + 30, 0, panels=["a"], loads=["b"])
            assert found.span.batches == 6
            roots.add(found.root)
            [(batch, own)] = readings.pages(3, 1)
            report = Report(
                chain_id=1, market="", household="", transaction="", span=found.span, root=found.root
            )
            proof = made(report, list(digests(readings, found.span)), batch, own, 7)
            assert proof.holds
            roots.add(proof.root() or b"")
    assert len(roots) == 1


def test_batches_are_read_page_by_page(readings: Readings) -> None:
    for second in range(6):
        readings.append([sample(second, power=second), sample(second, "load")])
    assert [link.number for link in readings.links(2, 3)] == [3, 4, 5]
    pages = readings.pages(4, 9)
    assert [(batch.number, [s.meter for s in own]) for batch, own in pages] == [
        (5, ["battery", "load"]),
        (6, ["battery", "load"]),
    ]
    assert readings.pages(6, 9) == []


def test_the_newest_batch_may_be_asked_for_by_time(readings: Readings) -> None:
    assert readings.newest() is None
    for second in (10, 20, 15):
        readings.append([sample(second)])
    for before, number in ((None, 3), (NOON + 20_000, 3), (NOON + 15_000, 1)):
        newest = readings.newest(before)
        assert newest is not None
        assert newest.number == number
    assert readings.newest(NOON) is None


def test_a_meter_s_sample_at_a_moment_comes_with_its_batch(readings: Readings) -> None:
    readings.append([sample(0, forward=1), sample(5, forward=2)])
    readings.append([sample(10, forward=3)])
    assert readings.sample_at("battery", NOON + 9_999) == (sample(5, forward=2), 1)
    assert readings.sample_at("battery", NOON + 10_000) == (sample(10, forward=3), 2)
    assert readings.sample_at("battery", NOON - 1) is None
    assert readings.sample_at("nobody", NOON) is None


def test_samples_that_belong_to_no_batch_s_time_are_found(tmp_path: Path, postgres_url: str) -> None:
    for url in (None, postgres_url):
        with open_readings(url, tmp_path) as readings:
            readings.append([sample(0, power=1)])
            assert check(readings).strays == 0
            columns = "meter, taken, batch, power"
            moved = f"INSERT INTO samples ({columns}) SELECT meter, taken + 1000000, batch, 2 FROM samples"
            if url is None:
                with closing(sqlite3.connect(tmp_path / "readings.db")) as file, file:
                    file.execute(moved)
            else:
                with psycopg.connect(url) as server:
                    server.execute(moved.encode())
            assert check(readings).strays == 1


def test_pruning_takes_whole_batches_and_leaves_the_chain(readings: Readings) -> None:
    for start in (0, 10, 20):
        readings.append([sample(start + second, power=1) for second in range(10)])
    assert readings.prune(NOON + 15 * SECOND) == 10
    assert readings.prune(NOON + 15 * SECOND) == 0
    chart = readings.between("battery", Quantity.POWER, NOON, NOON + 30 * SECOND, 31)
    assert chart[0].at == NOON + 10 * SECOND
    assert len(readings.batches(0, NOON * 2)) == 3
    assert check(readings).intact


def test_a_reader_cannot_write(opener: Opener) -> None:
    with opener() as readings:
        readings.append([sample(0, power=1)])
    with opener(read_only=True) as reader:
        assert reader.latest()["battery"].power == 1
        with pytest.raises(StoreError):
            reader.append([sample(1, power=1)])


def test_a_reader_sees_what_the_writer_stores_meanwhile(opener: Opener) -> None:
    with opener() as writer, opener(read_only=True) as reader:
        for second in range(3):
            writer.append([sample(second, power=second)])
            assert reader.latest()["battery"].power == second


def test_a_day_of_seconds_is_a_thousand_points_in_no_time(readings: Readings) -> None:
    """Four meters for two hours here; the bound is generous, for the machine may be busy."""
    for meter in ("battery", "load", "panel", "tie-11"):
        readings.append([sample(s, meter, power=s, soc=s % 10_000) for s in range(7_200)])
    began = time.perf_counter()
    chart = readings.between("battery", Quantity.SOC, NOON, NOON + 7_200 * SECOND, 1_000)
    readings.latest()
    assert time.perf_counter() - began < 1
    assert 890 <= len(chart) <= 1_000


def test_a_changed_sample_in_a_file_is_found(tmp_path: Path) -> None:
    with open_readings(None, tmp_path) as readings:
        for number in range(4):
            readings.append([sample(number, power=number)])
        with closing(sqlite3.connect(tmp_path / "readings.db")) as connection, connection:
            connection.execute("UPDATE samples SET power = 99 WHERE batch = 2")
        assert check(readings, pause=at_once).broken == 2


def test_a_batch_that_was_taken_out_of_a_file_is_found(tmp_path: Path) -> None:
    with open_readings(None, tmp_path) as readings:
        for number in range(4):
            readings.append([sample(number, power=number)])
        with closing(sqlite3.connect(tmp_path / "readings.db")) as connection, connection:
            connection.execute("DELETE FROM samples WHERE batch = 3")
            connection.execute("DELETE FROM batches WHERE number = 3")
        assert check(readings, pause=at_once).broken == 4


def test_a_changed_row_on_the_server_is_found(tmp_path: Path, postgres_url: str) -> None:
    with open_readings(postgres_url, tmp_path) as readings:
        for number in range(4):
            readings.append([sample(number, power=number)])
        with psycopg.connect(postgres_url) as connection:
            connection.execute("UPDATE samples SET power = 99 WHERE batch = 2")
        assert check(readings, pause=at_once).broken == 2


def test_batches_without_end_use_no_meters_ids_up(tmp_path: Path, postgres_url: str) -> None:
    with open_readings(postgres_url, tmp_path) as readings:
        for number in range(5):
            readings.append([sample(number), sample(number, "load")])
        with psycopg.connect(postgres_url) as connection:
            assert connection.execute("SELECT last_value FROM meters_id_seq").fetchall() == [(2,)]


def test_readings_of_a_newer_version_are_left_alone(tmp_path: Path, postgres_url: str) -> None:
    for url in (None, postgres_url):
        open_readings(url, tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "readings.db")) as file, file:
        file.execute("PRAGMA user_version = 99")
        file.execute("PRAGMA application_id = 99")
    with psycopg.connect(postgres_url) as server:
        server.execute("UPDATE schema_version SET version = 99, oldest = 99")
    for url in (None, postgres_url):
        with pytest.raises(TooNew, match="99"):
            open_readings(url, tmp_path)


def test_a_file_that_is_not_there_yet_is_said_to_be_so(tmp_path: Path) -> None:
    readings = open_readings(None, tmp_path, read_only=True)
    with pytest.raises(Unopenable, match="not there yet"):
        readings.latest()


def test_a_server_that_went_away_is_found_again(tmp_path: Path) -> None:
    from tests.integration.postgres import found

    programs = found()
    assert programs is not None
    server = Server(programs)
    try:
        server.start()
        with open_readings(server.url(), tmp_path) as readings:
            readings.append([sample(0, power=1)])
            server.stop()
            with pytest.raises(Unreachable, match="went away"):
                readings.append([sample(1, power=2)])
            with pytest.raises(Unreachable, match=r"check readings\.url"):
                readings.append([sample(1, power=2)])
            server.start()
            readings.append([replace(sample(1), power=2)])
            assert readings.latest()["battery"].power == 2
            assert check(readings).intact
    finally:
        server.remove()
