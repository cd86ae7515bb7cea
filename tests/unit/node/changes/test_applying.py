"""A change is done once or not at all, whenever who does it is killed, and whoever else writes the file."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chain.errors import Misconfigured
from node.changes import applying, queue, record
from node.changes.applying import apply_all, replace_like
from node.changes.places import FILE
from node.changes.record import Outcome, Record
from node.changes.request import Request
from store.claim import Claim
from store.errors import Taken
from tests.conftest import thorough
from tests.unit.node.changes.made import change, files, text, undo


def ask(folder: Path, asked: Request) -> Request:
    queue.put(folder / "state", asked)
    return asked


def done(folder: Path, given: Sequence[Path], started: list[str] | None = None) -> list[str]:
    """Apply; the outcomes."""

    def start(units: Sequence[str]) -> Sequence[str]:
        if started is not None:
            started.extend(units)
        return ()

    return [each.outcome for each in apply_all(given, folder / "state", start)]


def test_a_change_is_written_recorded_and_taken_over(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    own.chmod(0o640)
    asked = ask(tmp_path, change(own, ("trading.limit", "25 %")))
    started: list[str] = []
    assert done(tmp_path, [site, own], started) == ["applied"]
    assert own.read_text() == "# what the family wants\ntrading:\n  limit: 25 %\n"
    assert stat.S_IMODE(own.stat().st_mode) == 0o640
    assert started == ["client-interaction", "dapp"]
    [entry] = record.latest(tmp_path / "state", 10)
    assert (entry.id, entry.by, entry.outcome, entry.restart) == (asked.id, "home", Outcome.APPLIED, ())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["household.yml", "site.yml", "state"]


def test_a_request_is_answered_once_though_it_lies_there_for_ever(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    ask(tmp_path, change(own, ("trading.limit", "25 %")))
    assert done(tmp_path, [site, own]) == ["applied"]
    own.write_text("# what the family wants\n")
    assert done(tmp_path, [site, own]) == []
    assert own.read_text() == "# what the family wants\n"


def test_a_refusal_is_recorded_with_its_reason(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    ask(tmp_path, change(own, ("trading.limit", "70 %")))
    ask(tmp_path, change(own, ("intents.send", "9")))
    assert done(tmp_path, [site, own]) == ["refused", "refused"]
    found = record.latest(tmp_path / "state", 10)
    assert [entry.outcome for entry in found] == [Outcome.REFUSED] * 2
    assert "`resume` (60 %) must be above `limit` (70 %)" in found[1].problems[0][1]
    assert own.read_text() == "# what the family wants\n"


def test_of_two_who_looked_at_the_same_file_the_second_is_told(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    ask(tmp_path, change(own, ("trading.limit", "25 %")))
    ask(tmp_path, change(own, ("trading.limit", "26 %"), by="guest"))
    assert done(tmp_path, [site, own]) == ["applied", "conflict"]
    assert "25 %" in own.read_text()


def test_the_last_change_is_taken_back_and_that_again(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    first = ask(tmp_path, change(own, ("trading.limit", "25 %")))
    done(tmp_path, [site, own])
    ask(tmp_path, undo(own, first.id))
    assert done(tmp_path, [site, own]) == ["applied"]
    assert own.read_text() == "# what the family wants\n"
    second = record.latest(tmp_path / "state", 1)[0]
    assert second.undo == first.id
    ask(tmp_path, undo(own, second.id))
    assert done(tmp_path, [site, own]) == ["applied"]
    assert "25 %" in own.read_text()


def test_an_undo_restores_what_the_pages_alone_may_not_set(tmp_path: Path) -> None:
    site, own = files(tmp_path, "trading: {daily_budget: 50}\n")
    first = ask(tmp_path, change(own, ("trading.daily_budget", "4")))
    assert done(tmp_path, [site, own]) == ["applied"]
    ask(tmp_path, undo(own, first.id))
    assert done(tmp_path, [site, own]) == ["applied"]
    assert own.read_text() == "trading: {daily_budget: 50}\n"


def test_what_could_not_be_started_anew_is_tried_again(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    ask(tmp_path, change(own, ("trading.limit", "25 %")))
    apply_all([site, own], tmp_path / "state", lambda units: units[:1])
    assert record.latest(tmp_path / "state", 1)[0].restart == ("client-interaction", "dapp")
    started: list[str] = []
    assert done(tmp_path, [site, own], started) == []
    assert started == ["client-interaction", "dapp"]


def test_two_do_not_do_it_at_the_same_time(tmp_path: Path) -> None:
    given = files(tmp_path)
    with Claim(tmp_path / "state" / "settings.lock", "try"), pytest.raises(Taken):
        done(tmp_path, given)


def test_a_family_without_a_file_is_told_to_make_one(tmp_path: Path) -> None:
    site, own = files(tmp_path)
    own.unlink()
    with pytest.raises(Misconfigured, match="make an empty file"):
        done(tmp_path, [site, own])


def test_a_file_behind_a_link_is_replaced_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "h.yml"
    target.write_text("a: 1\n")
    (tmp_path / "link.yml").symlink_to(target)
    replace_like(tmp_path / "link.yml", b"a: 2\n")
    assert (tmp_path / "link.yml").is_symlink()
    assert target.read_text() == "a: 2\n"


def test_the_record_forgets_no_answer_that_might_be_asked_for_again(tmp_path: Path) -> None:
    book, (site, own) = Record(tmp_path), files(tmp_path)
    asked = [change(own, ("trading.limit", "25 %")) for _ in range(record.KEPT + 20)]
    for number, each in enumerate(asked):
        book.refuse(each, float(number), [("", "no")], conflict=False)
    book.prune(1_000.0)
    assert not any(book.knows(each.id) for each in asked[:20])
    assert all(book.knows(each.id) for each in asked[20:])
    young = change(site, ("trading.limit", "25 %"))
    book.refuse(young, 1_000.0, [("", "no")], conflict=False)
    book.prune(1_000.0)
    assert book.knows(young.id)
    book.close()


class Killed(BaseException):
    """The process ends here."""


STEPS = ("begin", "replace", "replaced", "finish", "start", "started")


class AKilledApplier(RuleBasedStateMachine):
    """Requests, people at the box, and an applier that is killed before or after any of its steps."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.files = files(self.folder)
        self.own = self.files[-1]
        self.meant: dict[str, str] = {}
        """What the file says once a request was done, by its id."""

        self.boxes: list[str] = [self.own.read_text()]
        """What people at the box wrote."""

        self.number = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule()
    def somebody_asks_for_a_text(self) -> None:
        self.number += 1
        says = f"# version {self.number}\ntrading: {{dwell: {self.number} s}}\n"
        self.meant[ask(self.folder, text(self.own, says)).id] = says

    @rule()
    def somebody_asks_for_nonsense(self) -> None:
        ask(self.folder, text(self.own, "trading: {limit: 99 %}\n"))

    @rule()
    def somebody_writes_the_file_at_the_box(self) -> None:
        self.number += 1
        self.boxes.append(f"# at the box {self.number}\n")
        self.own.write_text(self.boxes[-1])

    @precondition(lambda self: bool(record.latest(self.folder / "state", 1)))
    @rule()
    def somebody_takes_the_last_one_back(self) -> None:
        last = next(
            (e for e in record.latest(self.folder / "state", 50) if e.outcome is Outcome.APPLIED), None
        )
        if last is not None:
            ask(self.folder, undo(self.own, last.id))

    @rule(step=st.none() | st.sampled_from(STEPS), after=st.booleans(), torn=st.booleans())
    def it_is_applied(self, step: str | None, after: bool, torn: bool) -> None:
        before = self.own.read_text()
        with pytest.MonkeyPatch.context() as patch:
            if step is not None:
                self._kill(patch, step, after, torn)
            try:
                done(self.folder, self.files)
            except Killed:
                assert self.own.read_text() in {before, *self.meant.values(), *self.boxes}

    def _kill(self, patch: pytest.MonkeyPatch, step: str, after: bool, torn: bool) -> None:
        def dying(real: Any) -> Any:
            def call(*given: Any, **named: Any) -> None:
                if after:
                    real(*given, **named)
                elif torn and real is replace_like:
                    (self.own.parent / ".household.yml.new").write_bytes(given[1][:5])
                raise Killed

            return call

        match step:
            case "begin" | "finish" | "started":
                patch.setattr(Record, step, dying(getattr(Record, step)))
            case "replace":
                patch.setattr(applying, "replace_like", dying(replace_like))
            case "replaced":
                patch.setattr(os, "fchmod", dying(os.fchmod))
            case _:
                patch.setattr(applying, "_start", dying(applying._start))

    @invariant()
    def what_the_file_says_was_meant_by_somebody_whole(self) -> None:
        if hasattr(self, "own"):
            assert self.own.read_text() in {*self.meant.values(), *self.boxes}

    @invariant()
    def what_is_told_is_true_and_nothing_was_done_twice(self) -> None:
        if not hasattr(self, "folder") or not (self.folder / "state" / FILE).exists():
            return
        book = Record(self.folder / "state")
        try:
            if book.begun():
                return  # whoever comes next finds out
            rows = book._db.execute(
                "SELECT * FROM changes WHERE outcome = 'applied' ORDER BY number"
            ).fetchall()
        finally:
            book.close()
        assert len({row["id"] for row in rows}) == len(rows)
        for row in rows:
            if row["id"] in self.meant and row["written"] is not None:
                assert row["written"].decode() == self.meant[row["id"]]


TestAKilledApplier = AKilledApplier.TestCase
TestAKilledApplier.settings = settings(
    deadline=None,
    max_examples=thorough(12, 500),
    stateful_step_count=15,  # a step reads a configuration
)
