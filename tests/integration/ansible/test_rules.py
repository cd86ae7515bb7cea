"""The alert rules before Prometheus' own judge: that it can read them, and what comes of them in time."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "ansible" / "roles" / "monitoring" / "files" / "rules.yml"

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not there: install Debian's package prometheus"
)


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it; what it says is in the result."""
    return subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=300)


def test_prometheus_can_read_the_rules() -> None:
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "27 rules found" in checked.stdout


def tried(folder: Path, rules: str) -> subprocess.CompletedProcess[str]:
    """The tests beside this file, with these rules."""
    (folder / "rules.yml").write_text(rules)
    text = (HERE / "rules_test.yml").read_text().replace("[RULES]", "[rules.yml]")
    (folder / "tests.yml").write_text(text)
    return promtool("test", "rules", folder / "tests.yml")


def test_alerts_come_when_something_lasts_and_go_when_it_is_over(tmp_path: Path) -> None:
    found = tried(tmp_path, RULES.read_text())
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(("of", "other"), [
    ("for: 30s", "for: 10m"),
    ('code="no-neighbour"', 'code="no-neighbor"'),
    (" and on (household) up{job=\"host\"} == 1", ""),
    ("> 20", "> 200"),
])  # fmt: skip
def test_a_rule_that_says_something_else_is_found(tmp_path: Path, of: str, other: str) -> None:
    text = RULES.read_text()
    assert of in text
    assert tried(tmp_path, text.replace(of, other)).returncode != 0
