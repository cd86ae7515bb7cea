"""A store that is away: nothing is lost within the spool, and beyond it what is lost is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from node.logger.recorder import Recorder
from node.readings import Readings, Sample, open_readings
from node.readings.checking import check
from node.readings.settings import ReadingsSettings
from node.readings.spool import Spool, status
from store.errors import StoreError, Unreachable

START = 1_764_460_800
METERS = ("battery", "feed-1", "load", "panel", "tie-11")
SYNC = 60
"""Seconds, of which each has a sample of each meter: a disk that many share takes its time for each sync."""


class House:
    """A recorder without its threads, and a store that comes and goes."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self.away, self.now = folder, True, START
        self.settings = ReadingsSettings(spool_mb=megabytes)
        self.spool = Spool(folder / "spool", megabytes * 1_000_000)
        self.recorder = self.begun()

    def begun(self) -> Recorder:
        return Recorder(
            self.settings, self.opened, self.spool, run=self.folder / "run", state=dict, wall=lambda: self.now
        )

    def opened(self) -> Readings:
        if self.away:
            raise Unreachable("it went away")
        return open_readings(None, self.folder)

    def log(self, seconds: int, tries: int, sync: int = SYNC) -> None:
        """With so many tries to store, as far apart."""
        for second in range(seconds):
            for meter in METERS:
                self.recorder.add(sample(meter, self.now))
            self.now += 1
            if second % sync == sync - 1:
                self.recorder.sync()
            if tries and second % (seconds // tries) == 0:
                self.recorder.store()

    def told(self) -> status.Status:
        found = status.read(self.folder / "run")
        assert found is not None
        return found


def sample(meter: str, second: int) -> Sample:
    """It differs from second to second as a real one does."""
    noise, other = hash((meter, second)) % 4_000, hash((second, meter)) % 4_000
    return Sample(
        meter=meter,
        taken=second * 1_000 + noise % 9,
        voltage=12_000 + other % 40,
        current=noise,
        power=12 * noise + other,
        forward=(second - START) * 7,
        reverse=0,
    )


def stored_whole(house: House, seconds: int, dropped: int = 0) -> None:
    """What was logged is in the store, once, and nothing waits; but for the oldest, if any were dropped."""
    with open_readings(None, house.folder, read_only=True) as readings:
        walked = check(readings)
        assert walked.intact, walked
        assert walked.samples == seconds * len(METERS) - dropped
        assert readings.latest() == {meter: sample(meter, house.now - 1) for meter in METERS}
    assert list(house.spool.frames(house.spool.number)) == []


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    within = Path("/dev/shm") if request.node.get_closest_marker("long") else tmp_path
    with TemporaryDirectory(dir=within) as folder:
        made = House(Path(folder), getattr(request, "param", 64))
        yield made
        made.recorder.close()


def test_what_waited_for_the_store_is_stored_when_it_comes_back(house: House) -> None:
    house.log(3_600, tries=6)
    told = house.told()
    assert (told.waiting, told.dropped, told.reason) == (3_600 * len(METERS), 0, "it went away")
    assert told.since is not None and told.oldest is not None
    assert START <= told.oldest < START + 0.01
    house.spool = Spool(house.folder / "spool", 64_000_000)  # killed meanwhile, too
    house.recorder = house.begun()
    house.away = False
    house.log(600, tries=2)
    house.recorder.last()
    house.recorder.store()
    house.recorder.sync()
    assert (house.told().since, house.told().waiting, house.told().oldest) == (None, 0, None)
    stored_whole(house, 4_200)
    assert len(list((house.folder / "spool").iterdir())) == 2


def test_a_store_that_goes_away_in_the_middle_of_it_all_gets_the_rest_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.log(1_800, tries=0)
    house.away, appended = False, 0
    with monkeypatch.context() as broken:
        from node.readings.sqlite import SqliteReadings

        whole = SqliteReadings.append

        def append(self: SqliteReadings, *given: object) -> None:
            nonlocal appended
            appended += 1
            whole(self, *given)  # type: ignore[arg-type]
            if appended == 2:
                raise StoreError("its answer never came")

        broken.setattr(SqliteReadings, "append", append)
        house.recorder.store()
        assert house.recorder.until_store() > 0
        house.recorder.last()
        house.recorder.store()
    stored_whole(house, 1_800)


@pytest.mark.parametrize("house", [1], indirect=True)
def test_beyond_the_spool_the_oldest_go_and_it_is_said(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.log(14 * 3_600, tries=2)
    dropped = house.told().dropped
    assert 0 < dropped < 14 * 3_600 * len(METERS)
    assert house.told().dropped_at is not None
    assert "readings.dropped" in capsys.readouterr().err
    assert sum(path.stat().st_size for path in (house.folder / "spool").iterdir()) <= 1_000_000
    house.away = False
    house.recorder.last()
    house.recorder.store()
    stored_whole(house, 14 * 3_600, dropped)
    assert house.begun()._dropped == dropped  # told after a restart, too


@pytest.mark.long
@pytest.mark.parametrize("house", [ReadingsSettings().spool_mb], indirect=True)
def test_a_store_that_is_away_for_seven_days_finds_all_three_million_samples(house: House) -> None:
    """In frames as a logger writes them; in memory, for sixty thousand syncs take an hour on some disks."""
    days = 7 * 86_400
    house.log(days, tries=7, sync=10)
    assert (house.told().waiting, house.told().dropped) == (days * len(METERS), 0)
    house.away = False
    house.recorder.last()
    house.recorder.store()
    stored_whole(house, days)
