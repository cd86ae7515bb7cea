"""Setting the checkout up: what is done again, and what people are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import bootstrap


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMPS", tmp_path / "build" / "setup")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "build" / "setup.log")
    (tmp_path / "build").mkdir()
    return tmp_path


def step(checkout: Path, source: Path) -> bootstrap.Step:
    def make(progress: bootstrap.Progress) -> None:
        (checkout / "product").write_text(source.read_text())

    return bootstrap.Step("it", "it", lambda: bootstrap.digest([source]), make, checkout / "product")


def test_a_step_is_done_once_and_again_when_its_source_changes(checkout: Path) -> None:
    source = checkout / "source"
    source.write_text("one")
    it = step(checkout, source)
    assert not it.done()
    assert bootstrap.run([it]) == 0
    assert it.done()
    source.write_text("two")
    assert not it.done()


def test_a_step_whose_product_was_removed_is_done_again(checkout: Path) -> None:
    source = checkout / "source"
    source.write_text("one")
    it = step(checkout, source)
    bootstrap.run([it])
    (checkout / "product").unlink()
    assert not it.done()


def test_a_failed_step_shows_the_end_of_its_log_and_what_to_do(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(progress: bootstrap.Progress) -> None:
        said = "print('Temporary failure in name resolution'); raise SystemExit(3)"
        progress.run([sys.executable, "-c", said], folder=checkout)

    it = bootstrap.Step("it", "Python packages", lambda: "", fail, checkout / "product")
    assert bootstrap.run([it]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any("name resolution" in line for line in lines[:-1])
    assert lines[-1].startswith("Python packages failed: no package index could be reached")
    assert not it.done()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("getaddrinfo ENOTFOUND somewhere", "connect this machine"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one that was locked"),
        ("ERROR: No matching distribution found for coincurve==21.0.0", "no wheel for this platform"),
    ],
)
def test_known_failures_have_an_advice(said: str, advice: str) -> None:
    found = bootstrap.remedy(f"some line\n{said}\n")
    assert found
    assert advice in found


def test_an_old_python_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert bootstrap.lacking() == (
        "Python 3.9 is too old: install Python 3.11 or newer, then: make PYTHON=python3.11 …"
    )


def test_a_python_without_venv_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert bootstrap.lacking() == "Python's venv module is missing: sudo apt install python3-venv"


def test_this_machine_lacks_nothing() -> None:
    assert bootstrap.lacking() is None


def test_versions_are_compared_by_their_numbers() -> None:
    assert bootstrap.numbers("v20.11.1") == (20, 11, 1)
    assert bootstrap.numbers("v9.0.0") < bootstrap.numbers("v20.0.0")


def test_built_and_fetched_files_are_no_sources(checkout: Path) -> None:
    folder = checkout / "frontend"
    (folder / "node_modules" / "x").mkdir(parents=True)
    (folder / "node_modules" / "x" / "index.js").write_text("")
    (folder / "main.js").write_text("")
    assert bootstrap.sources(folder) == [folder / "main.js"]
