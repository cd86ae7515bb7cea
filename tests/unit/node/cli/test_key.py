"""`commonwatt key backup` and `restore` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.cli import run
from node.first_run.keyholder import KeyHolder
from node.first_run.steps import Key
from node.wallet import backup

EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A household with a key and no chain."""
    monkeypatch.setattr(backup, "SCRYPT_N", 2)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "site.yml").write_text(EXAMPLE.read_text())
    assert run(["key", "new", str(folder / "key.json")]) == 0
    capsys.readouterr()
    return folder


def backed_up(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    arguments = ["key", "backup", str(home / "birch.backup"), "--config", str(home / "site.yml"), "--json"]
    assert run(arguments) == 0
    told: dict[str, str] = json.loads(capsys.readouterr().out)
    return told


def restored(home: Path, told: dict[str, str], code: str, *more: str) -> int:
    (home / "code").unlink(missing_ok=True)
    (home / "code").touch(0o600)
    (home / "code").write_text(code)
    to = home / "new" / "key.json"
    return run(["key", "restore", told["file"], str(to), "--code-file", str(home / "code"), *more])


def test_a_key_comes_back_on_an_empty_host(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = backed_up(home, capsys)
    assert told["household"] == "birch"
    assert (home / "birch.backup").stat().st_mode & 0o777 == 0o600
    assert restored(home, told, told["code"] + "\n", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["address"] == told["address"]
    holder = KeyHolder(
        keystore=Path(facts["keystore"]), password_file=home / "-", household="birch", manifest=home / "-"
    )
    assert holder.standing is Key.PROVED, "whose first run made it trades with it at once"
    assert run(["key", "address", facts["keystore"]]) == 0
    assert capsys.readouterr().out == told["address"] + "\n"


def test_the_code_is_told_once_with_what_to_do_with_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["key", "backup", str(home / "b"), "--config", str(home / "site.yml")]) == 0
    text = capsys.readouterr().out
    assert "Write the code on paper" in text
    assert "-".join(["X" * 5] * 5) not in (home / "b").read_text()


def test_a_wrong_code_restores_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = backed_up(home, capsys)
    assert restored(home, told, backup.new_code()) == 78
    assert "does not open this backup" in capsys.readouterr().err
    assert not (home / "new").exists()


def test_a_key_that_is_there_is_not_written_over(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = backed_up(home, capsys)
    assert restored(home, told, told["code"]) == 0
    assert restored(home, told, told["code"]) == 78
    assert "never overwritten" in capsys.readouterr().err
    assert run(["key", "backup", told["file"], "--config", str(home / "site.yml")]) == 78


def test_a_backup_that_is_not_there_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["key", "restore", str(home / "none"), str(home / "k.json")]) == 78
    assert capsys.readouterr().err == f"commonwatt: {home}/none cannot be read: No such file or directory\n"
