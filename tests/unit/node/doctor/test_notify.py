"""Whether the notifier is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.channel import NotNow, Silent
from node.config import Settings, load
from node.doctor import Failed, Ok, notify
from node.notify.desk import SOCKET
from node.notify.people import FILE

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nobody is named, and nothing runs."""
    read = load([EXAMPLE])
    paths = read.paths.model_copy(update={"run": tmp_path, "state": tmp_path})
    without = read.notifications.model_copy(update={"addresses": None})
    return read.model_copy(update={"paths": paths, "notifications": without})


def test_where_nobody_is_to_be_told_nobody_is_missed(settings: Settings) -> None:
    assert list(notify.check(settings)) == [Ok("nobody is to be told when something is wrong")]


def test_who_is_silent_is_missed_where_somebody_is_named(settings: Settings) -> None:
    (settings.paths.state / FILE).touch()
    [found] = notify.check(settings)
    assert isinstance(found, Failed)
    assert "systemctl start commonwatt-notify" in found.advice


def test_who_is_silent_is_missed_on_a_host_that_is_prepared_for_it(settings: Settings) -> None:
    (settings.paths.state / FILE).symlink_to("notify/notify.people")
    [found] = notify.check(settings)
    assert isinstance(found, Failed)


@pytest.mark.parametrize(("answer", "what"), [
    ({"people": [{}, {}], "elsewhere": 1}, "3 are told when something is wrong"),
    (NotNow("others may read it"), "the notifier refuses: others may read it"),
    (Silent("start it"), "the notifier does not answer, so nobody is told when something is wrong"),
])  # fmt: skip
def test_what_it_answers_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: object, what: str
) -> None:
    def ask(path: Path, *_: object, **__: object) -> object:
        assert path == settings.paths.run / SOCKET
        if isinstance(answer, Exception):
            raise answer
        return answer

    (settings.paths.run / SOCKET).touch()
    monkeypatch.setattr("node.channel.ask", ask)
    [found] = notify.check(settings)
    assert found.what == what
    assert isinstance(found, Ok) is isinstance(answer, dict)
