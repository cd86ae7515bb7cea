"""What the logger tells of its sensors; whoever reads it never takes the past for the present."""

from __future__ import annotations

from pathlib import Path

from node.sensors import status
from node.sensors.status import State, Status
from store import snapshot

LIVE = Status(driver="x", state=State.LIVE, since=1.0, taken=90.0, values={"power": 5})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    failed = Status(driver="y", state=State.FAILED, reason="silent", failures=3, again=12.0)
    status.write(tmp_path, {"load": LIVE, "panel": failed})
    assert status.read(tmp_path) == {"load": LIVE, "panel": failed}


def test_a_logger_that_has_gone_tells_nothing(tmp_path: Path) -> None:
    assert status.read(tmp_path) is None
    status.write(tmp_path, {"load": LIVE})
    assert status.read(tmp_path, snapshot.boottime() + 6) is None


def test_a_file_of_another_version_tells_nothing(tmp_path: Path) -> None:
    snapshot.write(tmp_path / status.FILE, {"sensors": {"load": {"state": "sleeping"}}})
    assert status.read(tmp_path) is None


def test_values_have_the_age_of_their_measurement() -> None:
    assert LIVE.age(100.0) == 10.0
    assert Status(driver="x", state=State.STARTING).age() is None
