"""What is sent, to whom nothing comes through, and what a restart remembers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from node.alerts import Alert, Severity
from node.dapp.household import Household
from node.notify import memory
from node.notify.run import AGAIN, Notifier, night
from node.notify.settings import NotificationsSettings

STALLED = Alert(
    code="chain-stalled",
    severity=Severity.CRITICAL,
    says="There has been no new block for 2 min.",
    act="Look on the signers' hosts.",
)
LOW = Alert(code="disk-low", severity=Severity.WARNING, says="900 MB are left.", act="Empty it.")


class Post:
    """A service that takes messages, or does not."""

    def __init__(self, takes: bool = True) -> None:
        self.takes, self.sent = takes, list[tuple[str, str, bool]]()
        self.tried = 0

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        self.tried += 1
        if self.takes:
            self.sent.append((title, text, urgent))
        return [("post://…", self.takes)]


def notifier(folder: Path, post: Post) -> Notifier:
    house = Household(name="birch", run=folder, state=folder)
    return Notifier(house, post, quiet=lambda now: False)


def watch(told: Notifier, seconds: range, *alerts: Alert) -> None:
    for now in seconds:
        told.look(alerts, now, now)


def test_a_message_says_who_what_and_what_to_do(tmp_path: Path) -> None:
    post = Post()
    watch(notifier(tmp_path, post), range(0, 60, 5), STALLED)
    assert post.sent == [
        (
            "Birch: There has been no new block for 2 min.",
            "There has been no new block for 2 min.\nLook on the signers' hosts.",
            True,
        )
    ]


def test_what_is_over_says_how_long_it_was(tmp_path: Path) -> None:
    post = Post()
    told = notifier(tmp_path, post)
    watch(told, range(0, 300, 5), STALLED)
    watch(told, range(300, 600, 5))
    title, text, urgent = post.sent[-1]
    assert title == "Birch: Over: there has been no new block for 2 min."
    assert text == "Over: there has been no new block for 2 min. It lasted 5 min."
    assert not urgent


def test_several_come_in_one_message(tmp_path: Path) -> None:
    post = Post()
    told = notifier(tmp_path, post)
    told.look((STALLED, LOW), 0, 0)
    told.look((STALLED, LOW), 200, 200)
    assert [title for title, _, _ in post.sent] == [
        "Birch: There has been no new block for 2 min. (and 1 more)"
    ]
    assert "900 MB are left.\nEmpty it." in post.sent[0][1]


def test_a_restart_tells_nothing_twice_and_forgets_no_end(tmp_path: Path) -> None:
    first, second = Post(), Post()
    watch(notifier(tmp_path, first), range(0, 60, 5), STALLED)
    again = notifier(tmp_path, second)
    watch(again, range(60, 120, 5), STALLED)
    assert (len(first.sent), second.sent) == (1, [])
    watch(again, range(120, 300, 5))
    assert [title[:12] for title, _, _ in second.sent] == ["Birch: Over:"]


def test_what_reaches_nobody_is_tried_again_less_and_less_often(tmp_path: Path) -> None:
    post = Post(takes=False)
    told = notifier(tmp_path, post)
    watch(told, range(0, 4 * 3_600, 5), STALLED)
    assert post.tried <= 10
    post.takes = True
    watch(told, range(4 * 3_600, 4 * 3_600 + int(AGAIN[1]) + 5, 5), STALLED)
    assert len(post.sent) == 1


def test_a_file_that_makes_no_sense_is_an_empty_memory(tmp_path: Path) -> None:
    for text in ("", "{", "[1]", "{}", '[{"alert": {}}]'):
        (tmp_path / memory.FILE).write_text(text)
        assert memory.read(tmp_path / memory.FILE) == {}


def test_a_title_fits_on_a_phone(tmp_path: Path) -> None:
    post = Post()
    long = Alert(code="sensor", severity=Severity.CRITICAL, says="x" * 200 + ".", act="y")
    watch(notifier(tmp_path, post), range(0, 60, 5), long)
    assert len(post.sent[0][0]) <= 80


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (3, True), (7, False)])
def test_the_night_is_by_the_households_clock(hour: int, quiet: bool) -> None:
    settings = NotificationsSettings.model_validate({"quiet_after": "22:00", "quiet_before": "07:00"})
    moment = datetime(2026, 1, 5, hour, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert night(settings, "Europe/Paris")(moment.timestamp()) is quiet


def test_without_hours_it_is_never_quiet() -> None:
    assert not night(NotificationsSettings(), None)(0)


@pytest.mark.parametrize(
    "given", [{"quiet_after": "22:00"}, {"quiet_after": "22:00", "quiet_before": "22:00"}]
)
def test_hours_that_make_no_sense_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="quiet_before"):
        NotificationsSettings.model_validate(given)
