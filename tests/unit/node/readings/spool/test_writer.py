"""The spool loses nothing within its bound, and says what it lost beyond."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from node.readings.interface import Sample
from node.readings.spool import Spool, waiting
from node.readings.spool.frame import frames
from node.readings.spool.segments import SEGMENT, files
from store.errors import Unwritable

MOST = 5 * SEGMENT


def some(first: int, count: int = 5) -> list[Sample]:
    """Samples that hardly pack."""
    dice = random.Random(first)
    return [
        Sample(
            meter="load", taken=(first + n) * 1_000, forward=dice.getrandbits(60), power=dice.getrandbits(60)
        )
        for n in range(count)
    ]


def held(spool: Spool, after: int = 0) -> list[Sample]:
    return [sample for frame in spool.frames(after) for sample in frame.samples]


def test_what_was_kept_is_there_after_a_crash_with_its_state(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MOST)
    spool.append(some(0), {"dropped": 3})
    spool.append(some(5), {"dropped": 4})
    again = Spool(tmp_path, MOST)
    assert held(again) == some(0, 5) + some(5, 5)
    assert (again.id, again.number, again.state) == (spool.id, 2, {"dropped": 4})
    again.append(some(10), {})
    assert [frame.number for frame in again.frames(1)] == [2, 3]


@pytest.mark.parametrize("cut", ["cut", "torn"])
def test_a_torn_tail_is_cut_wherever_it_is_torn(tmp_path: Path, cut: str) -> None:
    spool = Spool(tmp_path, MOST)
    spool.append(some(0), {})
    spool.append(some(5), {})
    [file] = files(tmp_path)
    whole = file.read_bytes()
    first, second = frames(whole)
    for at in range(first.end, second.end):
        rest = bytes(SEGMENT - at) if cut == "torn" else b""
        file.write_bytes(whole[:at] + rest)
        again = Spool(tmp_path, MOST)
        assert held(again) == some(0)
        again.append(some(20), {})
        assert held(Spool(tmp_path, MOST)) == some(0) + some(20)


def test_in_the_long_run_two_files_are_written_again_and_again(tmp_path: Path) -> None:
    spool, names = Spool(tmp_path, MOST), set()
    for at in range(500):
        spool.append(some(30 * at, 30), {})
        if at % 10 == 9:
            assert held(spool, at - 9) == [each for n in range(at - 9, at + 1) for each in some(30 * n, 30)]
            spool.forget(at + 1)
            names.add(tuple(sorted((path.name, path.stat().st_ino) for path in files(tmp_path))))
    assert len(names) == 2  # one file at first, then the same two
    assert all(path.stat().st_size == SEGMENT for path in files(tmp_path))
    assert (spool.waiting, held(spool, spool.number)) == (0, [])


def test_beyond_its_bound_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    spool, gone, every = Spool(tmp_path, MOST), 0, []
    for at in range(400):
        every += some(50 * at, 50)
        gone += spool.append(some(50 * at, 50), {})
    assert 0 < gone < len(every)
    assert held(spool) == every[gone:]
    assert spool.waiting == len(every) - gone
    assert sum(path.stat().st_size for path in files(tmp_path)) <= MOST
    spool.forget(spool.number)
    assert len(files(tmp_path)) == 2  # the last one, and one to be used next


def test_of_what_goes_only_that_is_lost_which_was_not_stored(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 0)  # the fewest files
    spool.append(some(0, 50), {})
    spool.forget(1)
    gone = 0
    while not gone:
        gone = spool.append(some(10, 50), {})
    first = next(spool.frames(0)).number
    assert gone == (first - 2) * 50


def test_a_disk_that_cannot_be_written_is_told_and_nothing_is_doubled_when_it_can(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", MOST)
    spool.append(some(0), {})
    [file] = files(tmp_path / "spool")
    file.rename(tmp_path / "away")
    with pytest.raises(Unwritable, match="check the disk"):
        spool.append(some(5), {})
    (tmp_path / "away").rename(file)
    spool.append(some(5), {})
    assert held(Spool(tmp_path / "spool", MOST)) == some(0) + some(5)


def test_a_reader_sees_what_is_synced_and_not_stored(tmp_path: Path) -> None:
    assert waiting(tmp_path / "nothing").spool is None
    spool = Spool(tmp_path, MOST)
    spool.append(some(0), {})
    spool.append(some(5), {})
    seen = waiting(tmp_path)
    assert (seen.spool, seen.after(0), seen.after(1), seen.after(2)) == (
        spool.id,
        some(0) + some(5),
        some(5),
        [],
    )


class Life(RuleBasedStateMachine):
    """Appended, stored, killed, torn: what is not stored is there, in its order and once."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.spool = Spool(self.path, 1_000 * SEGMENT)
        self.model: list[tuple[int, list[Sample]]] = []
        self.stored = 0
        self.next = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(count=st.integers(1, 400))
    def append(self, count: int) -> None:
        samples = some(self.next, count)
        self.next += count
        assert self.spool.append(samples, {"n": self.next}) == 0
        self.model.append((self.spool.number, samples))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def store(self, data: st.DataObject) -> None:
        self.stored = data.draw(st.sampled_from([number for number, _ in self.model]))
        self.spool.forget(self.stored)
        self.model = [(number, samples) for number, samples in self.model if number > self.stored]

    @rule()
    def killed(self) -> None:
        self.spool = Spool(self.path, 1_000 * SEGMENT)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def torn(self, data: st.DataObject) -> None:
        """The last frame is: as a power cut before its sync leaves it."""
        last = max((path for path in files(self.path)), key=lambda path: max(
            (each.number for each in frames(path.read_bytes())), default=0
        ))  # fmt: skip
        whole = last.read_bytes()
        *before, torn = frames(whole)
        start = before[-1].end if before else 0
        at = data.draw(st.integers(max(start, torn.end - 200), torn.end - 1))
        last.write_bytes(whole[:at] + bytes(len(whole) - at))
        self.model.pop()
        self.spool = Spool(self.path, 1_000 * SEGMENT)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert held(self.spool, self.stored) == [each for _, samples in self.model for each in samples]


Life.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 3))
def test_no_file_whatever_is_in_it_holds_up_a_start(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, n: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    (folder / "00000.seg").write_bytes(junk)
    for at in range(n):
        Spool(folder, MOST).append(some(5 * at), {})
    assert held(Spool(folder, MOST)) == [each for at in range(n) for each in some(5 * at)]
    assert waiting(folder).after(0) == held(Spool(folder, MOST))
