"""The pages' backup, as a process of its own: one at a time, and why it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.dapp import backups
from node.dapp.backups import Backups, Busy


def test_one_is_taken_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "PROGRAM", ("sh", "-c", "exec sleep 600"))
    here = Backups(tmp_path, [])
    here.begin()
    try:
        assert here.standing().running
        with pytest.raises(Busy, match="already"):
            here.begin()
        with pytest.raises(Busy, match="being taken"):
            here.tar()
    finally:
        assert here._process is not None
        here._process.kill()
        here._process.wait()
    assert not here.standing().running


def test_one_that_fails_says_why(tmp_path: Path) -> None:
    here = Backups(tmp_path, [tmp_path / "no such file.yml"])
    here.begin()
    assert here._process is not None
    here._process.wait()
    assert "there is no such file" in here.standing().problem
    assert here.standing().taken is None
