"""The demo's folders, and those of demos that were killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from simulation.demo.errors import DemoRefused
from simulation.demo.scratch import PREFIX, folders

HOLDER = """
import time
from simulation.demo.scratch import folders
with folders(None) as made:
    print(*made, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_they_are_gone_at_the_end() -> None:
    with folders(None) as (folder, run):
        assert folder.is_dir()
        assert run.is_dir()
    assert not folder.exists()
    assert not run.exists()


def test_those_of_a_killed_demo_are_removed_by_the_next_and_those_of_a_running_one_are_not() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = [Path(each) for each in other.stdout.readline().split()]
        (theirs[0] / "manifest.json").write_text("{}")
        with folders(None):
            assert all(each.is_dir() for each in theirs)
        other.send_signal(signal.SIGKILL)
    assert all(each.is_dir() for each in theirs)
    with folders(None) as mine:
        assert not any(each.exists() for each in theirs)
        assert all(each.is_dir() for each in mine)


def test_what_only_looks_like_theirs_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "thesis"
    elsewhere.mkdir()
    (elsewhere / "chapter.txt").write_text("mine")
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    with folders(None):
        assert (elsewhere / "chapter.txt").exists()


def test_a_kept_folder_must_be_new_and_stays(tmp_path: Path) -> None:
    with folders(tmp_path / "kept") as (kept, _):
        kept.mkdir()
        (kept / "manifest.json").write_text("{}")
    assert (kept / "manifest.json").exists()
    with pytest.raises(DemoRefused, match="not empty"), folders(tmp_path / "kept"):
        pass
