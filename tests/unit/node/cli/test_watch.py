"""The chain watched: what is told when, to people, programs and Prometheus."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.alerts import Alert, Severity
from node.alerts.alert import CODES
from node.alerts.judging import LITTLE
from node.cli import run
from node.cli.watch import NOTHING, WATCHED, events, metric
from store import snapshot

EXAMPLE = str(Path(__file__).parents[4] / "config.example.yml")
AT = 1_700_000_000.0
STALLED = Alert(
    code="chain-stalled", severity=Severity.CRITICAL, says="There is no new block.", act="Look there."
)
SILENT = Alert(
    code="signer-silent", about="0xab", severity=Severity.WARNING, says="0xab seals nothing.", act="Look."
)


def keyed(*alerts: Alert) -> dict[str, Alert]:
    return {alert.key: alert for alert in alerts}


def test_what_begins_and_ends_is_told_once() -> None:
    lines = list(events({}, keyed(STALLED, SILENT), AT, as_json=False))
    assert [line[20:] for line in lines] == [
        "critical: There is no new block. Look there.",
        "warning: 0xab seals nothing. Look.",
    ]
    assert list(events(keyed(STALLED), keyed(STALLED), AT, as_json=False)) == []
    [over] = events(keyed(STALLED, SILENT), keyed(SILENT), AT, as_json=False)
    assert over[20:] == "over: There is no new block."


def test_programs_get_an_object_a_line() -> None:
    [line] = events({}, keyed(SILENT), AT, as_json=True)
    assert json.loads(line) == {
        "at": AT, "event": "began", "code": "signer-silent", "about": "0xab", "severity": "warning",
        "says": "0xab seals nothing.", "act": "Look.",
    }  # fmt: skip


def test_the_metric_is_read_by_prometheus() -> None:
    odd = Alert(code="sensor", about='a "b"\\', severity=Severity.WARNING, says="It is odd.", act="Look.")
    [family] = text_string_to_metric_families(metric([STALLED, odd]))
    assert [(sample.labels["code"], sample.labels["about"], sample.value) for sample in family.samples] == [
        ("chain-stalled", "", 1.0),
        ("sensor", 'a "b"\\', 1.0),
    ]
    [empty] = text_string_to_metric_families(metric([]))
    assert empty.samples == []


def test_only_alerts_that_there_are_can_be_watched() -> None:
    assert set(CODES) >= WATCHED


@pytest.fixture(autouse=True)
def _roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with room, whatever is left on this machine's."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * LITTLE))


def watch(folder: Path, *more: str) -> int:
    own = folder / "own.yml"
    own.write_text(f"paths: {{run: {folder}, state: {folder}}}\n")
    return run(["chain", "watch", "--once", "-c", EXAMPLE, "-c", str(own), *more])


def tell(folder: Path, age: float = 1.0, **more: object) -> None:
    told = {"height": 9, "head_time": time.time() - age, "peers": 2, "signers": ["0xA"], "silent": []}
    told |= {"sealing": False, "syncing": False, "geth": "1", "still": age, "replaced": 0, "replaced_at": 0}
    snapshot.write(folder / "chain.json", told | more)


def test_once_is_0_and_says_so_when_nothing_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(tmp_path)
    assert watch(tmp_path) == 0
    assert capsys.readouterr().out.strip() == NOTHING


def test_once_is_1_when_something_is_critical_and_leaves_the_household_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(tmp_path, age=90)
    file = tmp_path / "chain.prom"
    assert watch(tmp_path, "--json", "--textfile", str(file)) == 1
    found = json.loads(capsys.readouterr().out)["alerts"]
    assert [alert["code"] for alert in found] == ["chain-stalled"], "no logger runs: not of the chain"
    assert 'code="chain-stalled"' in file.read_text()


def test_once_is_0_for_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell(tmp_path, disk_per_day=10_000_000, disk_days=20.0)
    assert watch(tmp_path) == 0
    assert "will be full in 20 days: the chain grows by 10.0 MB a day" in capsys.readouterr().out


def test_a_textfile_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(tmp_path)
    (tmp_path / "file").touch()
    assert watch(tmp_path, "--textfile", str(tmp_path / "file" / "chain.prom")) == 78
    assert "--textfile" in capsys.readouterr().err
