"""What `chain recover-stall` says before it touches a node."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chain.stall import Last, Survey
from node.cli import run

EXAMPLE = str(Path(__file__).parents[4] / "config.example.yml")
SIGNERS = ("0xA", "0xB", "0xC")


def survey(name: str, sealer: str, age: float = 100.0) -> Survey:
    sealed = int(time.time() - age)
    head = Last(number=1, hash=f"0x{name}", parent="0x00", sealed=sealed, difficulty=2, raw="0x")
    return Survey(
        node=name * 128, taken=time.time(), period=1, signers=SIGNERS, sealer=sealer, blocks=(head,)
    )


def judged(tmp_path: Path, *surveys: Survey) -> int:
    files = []
    for number, each in enumerate(surveys):
        files.append(str(tmp_path / f"{number}.json"))
        Path(files[-1]).write_text(each.to_json())
    return run(["chain", "recover-stall", *files, "--dry-run", "--json", "--config", EXAMPLE])


def test_a_dry_run_says_who_would_take_whose_chain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path, survey("a", "0xA"), survey("b", "0xB")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["finding"] == "the nodes hold different chains"
    assert told["sentence"].startswith("1 of 2 nodes take the chain of node aaaaaaaa…: block 1")
    assert told["changed"] is False


def test_where_nothing_may_be_done_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path, survey("a", "0xA", age=5)) == 1
    assert "the chain runs" in capsys.readouterr().out
    assert judged(tmp_path, survey("a", "0xA"), replace(survey("b", "0xB"), sealer=None)) == 1
    assert "too few signers are asked" in capsys.readouterr().out


def test_another_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.json").write_text("{}")
    assert run(["chain", "recover-stall", str(tmp_path / "other.json"), "--config", EXAMPLE]) == 78
    assert "other.json: this is no survey of a node" in capsys.readouterr().err
