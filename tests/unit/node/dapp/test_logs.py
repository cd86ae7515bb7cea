"""The log: what is read of it, how it is looked through, who may, and that it is bounded."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from flask import Flask

from node.dapp import logs
from node.dapp.logs import LOOKED_AT, SHOWN, TAIL, Line, NoLog, Wanted, files, newest, read, told
from node.dapp.users import FILE, Users
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import Visitor

TRADER = "timestamp=2026-11-30T04:38:16.739010Z level=info event=state state=home"
LATER = 'timestamp=2026-11-30T04:38:17.000000Z level=warning event="seller silent" seller=cedar'
GETH = 't=2026-11-30T04:37:47+0000 lvl=eror msg="Bad block"'


@pytest.mark.parametrize(
    ("text", "level", "says", "dated"),
    [
        (TRADER, "info", "event=state state=home", True),
        (LATER, "warning", 'event="seller silent" seller=cedar', True),
        (GETH, "error", 'msg="Bad block"', True),
        ('level=ERROR event="a library"', "error", 'event="a library"', False),
        ("Traceback (most recent call last):", "info", "Traceback (most recent call last):", False),
        ("timestamp=yesterday level=loud x", "info", "x", False),
    ],
)
def test_a_line_is_read(text: str, level: str, says: str, dated: bool) -> None:
    line = read(text, "chain")
    assert (line.level, line.text, line.at is not None) == (level, says, dated)


def entry(**more: object) -> bytes:
    facts = {"__REALTIME_TIMESTAMP": "1796013572289598", "PRIORITY": "6", "MESSAGE": TRADER}
    return (
        json.dumps({**facts, "_SYSTEMD_UNIT": "commonwatt-client-interaction.service", **more}).encode()
        + b"\n"
    )


def test_the_journals_entries_are_read_whatever_is_in_them() -> None:
    content = (
        entry()
        + entry(_SYSTEMD_UNIT="init.scope", UNIT="commonwatt-relay.service", PRIORITY="3", MESSAGE="Failed.")
        + entry(MESSAGE=[255, 104, 105], PRIORITY="4")
        + entry(MESSAGE=None, PRIORITY=None)
        + entry(__REALTIME_TIMESTAMP="x")
        + b"[]\nnothing\n"
        + entry()[:40]
    )
    lines = list(told(content))
    assert [(line.process, line.level) for line in lines] == [
        ("client-interaction", "info"), ("relay", "error"), ("client-interaction", "warning"),
        ("client-interaction", "info"),
    ]  # fmt: skip
    assert lines[0].at == pytest.approx(1_796_013_572.289598)
    assert lines[0].text == "event=state state=home"
    assert lines[2].text == "\N{REPLACEMENT CHARACTER}hi"


def folder(tmp_path: Path, **processes: str) -> Path:
    for name, text in processes.items():
        (tmp_path / f"birch.{name}.log").write_text(text)
    (tmp_path / "alder.relay.log").write_text("level=error event=of-another-household\n")
    return tmp_path


def test_files_are_laid_together_the_newest_first(tmp_path: Path) -> None:
    trader = f"{TRADER}\nTraceback\n"
    lines = newest(Wanted(), household="birch", folder=folder(tmp_path, relay=LATER, dapp=trader))
    assert [line.process for line in lines] == ["relay", "dapp", "dapp"]
    assert lines[2].at == lines[1].at
    assert not any("another" in line.text for line in lines)


def test_what_is_wanted_is_found(tmp_path: Path) -> None:
    given = folder(tmp_path, relay=LATER, dapp=TRADER, chain=GETH)

    def found(**wanted: str) -> list[str]:
        return [line.process for line in newest(Wanted(**wanted), household="birch", folder=given)]

    assert found(process="relay") == ["relay"]
    assert found(least="warning") == ["relay", "chain"]
    assert found(least="error") == ["chain"]
    assert found(words="SILENT") == ["relay"]
    assert found(words=".*") == []


def test_a_log_of_years_is_looked_at_from_its_end(tmp_path: Path) -> None:
    line = "level=info event=" + "x" * 2_000
    given = folder(tmp_path, relay=f"{line}\n" * (2 * TAIL // 2_000) + LATER)
    found = files(Wanted(), given, "birch")
    assert len(found) <= min(LOOKED_AT, TAIL // 2_000 + 1)
    assert found[0].level == "warning"
    assert max(len(each.text) for each in found) <= 600
    assert len(newest(Wanted(), household="birch", folder=given)) <= SHOWN


def test_where_there_is_no_log_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoLog, match="correct dapp"):
        newest(Wanted(), household="birch", folder=tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoLog, match="keeps no journal"):
        newest(Wanted(), household="birch", folder=None)


def test_the_page_shows_it_and_a_script_in_it_is_text(
    app: Flask, member: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Line(at=1.0, process="relay", level="error", text="<script>alert(1)</script>")
    asked: list[Wanted] = []

    def answered(wanted: Wanted, **_: object) -> list[Line]:
        asked.append(wanted)
        return [bad]

    monkeypatch.setattr(logs, "newest", answered)
    text = member.get("/logs?process=relay&least=warning&words=silent")
    assert "<script>alert" not in text
    assert "<script>alert(1)</script>" in html.unescape(text)
    member.get("/logs?process=../../etc/passwd&least=loud&words=" + "x" * 500)
    assert asked == [Wanted(process="relay", least="warning", words="silent"), Wanted(words="x" * 100)]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_than_operators_read_no_log(stranger: Visitor, tmp_path: Path, role: str) -> None:
    users = Users(made_up.household(tmp_path).state / FILE)
    users.put("guest", role, "a password", at=1.0)
    users.close()
    stranger.log_in("a password", "guest")
    assert stranger.code("/logs") == 403
