"""The notifier as a real process, asked over its socket as the pages ask; and Apprise itself."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from node.channel import NotNow, Silent, ask
from node.notify import services
from node.notify.desk import SILENT, SOCKET
from node.notify.people import FILE
from tests.integration.node.notify.test_telling import CONFIGURATION, Post, answer, post, running  # noqa: F401
from tests.unit.node.notify.test_allowed import FINE
from tests.waiting import eventually

NOBODYS = "ntfy://192.0.2.7:9/nobody-guesses-this"
"""At an address that nobody has (RFC 5737)."""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Its configuration names nobody."""
    without = CONFIGURATION.replace("notifications: {addresses: whom}", "")
    (tmp_path / "commonwatt.yml").write_text(without)
    (tmp_path / "run").mkdir()
    (tmp_path / "state").mkdir()
    return tmp_path


def asked(house: Path, **question: str) -> dict[str, object]:
    return dict(ask(house / "run" / SOCKET, {**question, "by": "home"}, silent=SILENT))


def test_somebody_is_added_tried_and_still_there_after_a_restart(house: Path) -> None:
    with pytest.raises(Silent, match="commonwatt notify run"):
        asked(house, op="list")
    with running(house):
        eventually((house / "run" / SOCKET).exists, "it listens")
        assert asked(house, op="list") == {"people": [], "elsewhere": 0}
        added = asked(house, op="add", name="Ada", address=NOBODYS)
        with pytest.raises(NotNow, match="at this host"):
            asked(house, op="add", name="Eve", address="ntfy://127.0.0.1:8545/nobody-guesses-this")
        assert asked(house, op="test", id=str(added["id"]))["took"] is False
    assert stat.S_IMODE((house / "state" / FILE).stat().st_mode) == 0o600
    assert not (house / "run" / SOCKET).exists()
    with running(house):
        eventually((house / "run" / SOCKET).exists, "it listens again")
        assert asked(house, op="list")["people"] == [added]
        asked(house, op="remove", id=str(added["id"]))
    assert "nobody-guesses" not in (house / "log").read_text()


def test_where_nobody_is_told_a_test_says_how_to_add_somebody(house: Path) -> None:
    answered = answer(house, "test")
    assert answered.returncode == 78
    assert "Settings, Notifications" in answered.stderr


def test_what_is_sent_to_one_arrives(post: Post) -> None:  # noqa: F811
    address = f"json://127.0.61.3:{post.server_port}/"
    assert services.send(address, "Birch: a test", "There is nothing to do.", urgent=False)
    assert post.letters[0]["title"] == "Birch: a test"


@pytest.mark.parametrize("address", [each for each in FINE if not each.startswith("discord")])
def test_whoever_sends_reads_the_host_that_was_looked_at(address: str) -> None:
    assert services.understands(address)


def test_what_apprise_does_not_know_is_not_understood() -> None:
    assert not services.understands("gotify://10.0.0.4")
