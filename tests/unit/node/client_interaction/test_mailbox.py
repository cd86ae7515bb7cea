"""Looking for letters: seldom, only when a file has changed, and whatever the file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.client_interaction.actors import mailbox as mailbox_
from node.client_interaction.actors.mailbox import SETTLING, Mailbox
from node.dapp.claims import Claims
from node.first_run.steps import Step
from node.intents.book import LASTING, TABLES, IntentBook, live
from node.intents.kinds import Pause, Stop
from store import snapshot
from store.errors import StoreError


class Looks:
    """Counts how often the database is opened, at a time set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.later = 0, 0.0
        began = snapshot.boottime
        monkeypatch.setattr(snapshot, "boottime", lambda: began() + self.later)
        monkeypatch.setattr(mailbox_, "live", self.live)

    def live(self, path: Path, now: float, boot: str) -> object:
        self.opened += 1
        return live(path, now, boot)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


def test_no_file_is_no_letter(tmp_path: Path, looks: Looks) -> None:
    box = Mailbox(tmp_path / "dapp.db", lambda: None)
    box.look()
    assert (box.letters, looks.opened) == ((), 0)


def test_letters_are_told_once_and_the_file_is_let_alone_when_nothing_changes(
    tmp_path: Path, looks: Looks
) -> None:
    told: list[bool] = []
    book = IntentBook(tmp_path / "dapp.db", (TABLES,))
    box = Mailbox(tmp_path / "dapp.db", lambda: told.append(True))
    letter = book.ask(Stop(), by="anna")
    box.look()
    assert (box.letters, len(told)) == ((letter,), 1)
    looks.later = SETTLING + 0.1
    before = looks.opened
    for _ in range(10):
        box.look()
    assert (looks.opened, len(told)) == (before, 1)
    second = book.ask(Pause(), by="anna")
    box.look()
    assert box.letters == (letter, second)


def test_letters_in_a_file_behind_a_link_are_seen_when_they_come(tmp_path: Path, looks: Looks) -> None:
    (tmp_path / "dapp").mkdir()
    (tmp_path / "dapp.db").symlink_to("dapp/dapp.db")
    book = IntentBook(tmp_path / "dapp.db", (TABLES,))
    box = Mailbox(tmp_path / "dapp.db", lambda: None)
    box.look()
    looks.later = SETTLING + 0.1
    box.look()
    letter = book.ask(Stop(), by="anna")
    box.look()
    assert box.letters == (letter,)


def test_a_letter_is_let_go_after_its_minute(tmp_path: Path, looks: Looks) -> None:
    book = IntentBook(tmp_path / "dapp.db", (TABLES,))
    box = Mailbox(tmp_path / "dapp.db", lambda: None)
    book.ask(Stop(), by="anna")
    box.look()
    looks.later = LASTING
    box.look()
    assert box.letters == ()


def test_in_a_first_run_trading_begins_once_somebody_has_looked_at_when_it_buys(
    tmp_path: Path, looks: Looks
) -> None:
    told: list[bool] = []
    box = Mailbox(tmp_path / "dapp.db", lambda: told.append(True), first_run=True)
    box.look()
    claims = Claims(tmp_path)
    claims.tick(Step.RELAY, 0.0, "anna")
    box.look()
    assert (box.may_begin, told) == (False, [])
    claims.tick(Step.LIMITS, 0.0, "anna")
    box.look()
    assert (box.may_begin, told) == (True, [True])
    again = Mailbox(tmp_path / "dapp.db", lambda: None, first_run=True)
    again.look()
    assert again.may_begin, "after a restart, too"
    assert Mailbox(tmp_path / "other.db", lambda: None).may_begin, "without a first run"


def test_a_spoilt_file_is_an_error_of_ours_and_a_mended_one_is_read(tmp_path: Path, looks: Looks) -> None:
    file = tmp_path / "dapp.db"
    file.write_bytes(b"no database" * 500)
    box = Mailbox(file, lambda: None)
    with pytest.raises(StoreError):
        box.look()
    file.unlink()
    letter = IntentBook(file, (TABLES,)).ask(Stop(), by="anna")
    box.look()
    assert box.letters == (letter,)
