"""`commonwatt ask` against the desk of the trader: answers, exit codes, and what silence says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from node import cli
from node.cli import ask
from tests.integration.dapp.answering import answering
from tests.integration.dapp.made_up import ALDER, CEDAR
from tests.integration.dapp.served import CONFIGURATION

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "commonwatt.yml").write_text(
        CONFIGURATION.format(
            listen="127.0.7.6:8080", rpc="http://127.0.7.6:1", manifest="m.json", alder=ALDER, cedar=CEDAR
        )
    )
    (tmp_path / "state").mkdir()
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, str]:
    """The real command: its exit code and what it says."""
    command = [sys.executable, "-m", "node.cli", "ask", *words, "--config", str(folder / "commonwatt.yml")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, cwd=CHECKOUT)
    return ended.returncode, ended.stdout


def test_what_is_asked_for_is_answered_with_its_reason_and_an_exit_code(folder: Path) -> None:
    with answering(folder):
        code, says = run(folder, "pause")
        assert (code, says[:24]) == (0, "accepted: Trading is off")
        code, says = run(folder, "pause")
        assert (code, "switched it off" in says) == (1, True)
        code, says = run(folder, "send", "alder", "2.5", "--json")
        told = json.loads(says)
        assert (code, told["outcome"]) == (0, "accepted")
        assert "Sending 2.50 tokens to Alder" in told["text"]


def test_who_is_not_answered_learns_that_nothing_was_done(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "LASTING", -1.8)  # for the command only: it waits for two seconds more than that
    assert cli.run(["ask", "stop", "--config", str(folder / "commonwatt.yml")]) == 69
    assert "did not answer within 60 s, so nothing was done" in capsys.readouterr().err
