"""Alert rules and dashboard ask for what a household tells, and each alert leads to what has to be done."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from node.alerts.alert import CODES
from node.client_interaction import status as trading
from node.client_interaction.status import State, Status
from node.dapp.api.tokens import AppTokens, Scope
from node.dapp.app import create_app
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.programs import Program

ROOT = Path(__file__).parents[3]
FILES = ROOT / "ansible" / "roles" / "monitoring" / "files"
DOCS = ROOT / "docs"
NAME = re.compile(r"\b(?:commonwatt|node)_\w+")

EXPORTED = {
    *("node_cpu_seconds_total", "node_filesystem_avail_bytes", "node_filesystem_readonly"),
    *("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", "node_thermal_zone_temp"),
}
"""Node exporter's, with the collectors that the role turns on; `tests/rollout` asks a real one."""


def rules(group: str) -> dict[str, Any]:
    """A group's rules by their names."""
    groups = yaml.safe_load((FILES / "rules.yml").read_text())["groups"]
    [found] = [each["rules"] for each in groups if each["name"] == group]
    return {rule["alert"]: rule for rule in found}


def asked() -> Iterator[str]:
    """Every question to Prometheus."""
    yield from (rule["expr"] for group in ("households", "hosts") for rule in rules(group).values())
    panels = json.loads((FILES / "dashboard.json").read_text())["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])


@pytest.fixture
def told(tmp_path: Path) -> set[str]:
    """Names of what the watching host's token reads of a household that has everything."""
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    house = made_up.household(tmp_path)
    now = Status(state=State.HOME, reason="-", next="-", since=time.time(), credit=str(10**17))
    trading.write(house.run, now)
    tokens = AppTokens(house.state)
    secret = tokens.create("monitoring", [Scope.HEALTH], time.time())
    tokens.close()
    answer = Program(create_app(house).test_client(), secret).ask("/metrics")
    assert answer.status_code == 200
    return {
        sample.name for family in text_string_to_metric_families(answer.text) for sample in family.samples
    }


def test_whatever_is_asked_for_is_told_by_that_name(told: set[str]) -> None:
    names = {name for question in asked() for name in NAME.findall(question)}
    assert {name for name in names if name.startswith("commonwatt_")} <= told
    assert {name for name in names if name.startswith("node_")} == EXPORTED
    assert "commonwatt_alerts" in names


def test_every_alert_that_a_household_knows_has_a_rule_as_bad_as_it_is() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| (critical|warning) \|", (DOCS / "alerts.md").read_text(), re.M)
    assert {name: rule["labels"]["severity"] for name, rule in rules("households").items()} == dict(listed)
    assert set(rules("households")) == set(CODES)
    for code, rule in rules("households").items():
        assert rule["expr"] == f'commonwatt_alerts{{code="{code}"}} > 0'


@pytest.mark.parametrize("group", ["households", "hosts"])
def test_every_rule_leads_to_a_line_that_says_what_to_do(group: str) -> None:
    text = (DOCS / "operations.md").read_text()
    for name, rule in rules(group).items():
        page, _, anchor = rule["annotations"]["read"].partition("#")
        assert page == "docs/operations.md"
        heading = "## " + anchor.replace("-", " ").capitalize() + "\n"
        assert text.count(heading) == 1, anchor
        assert f"| `{name}`" in (section := text.split(heading)[1].split("\n## ")[0]) or (
            f", `{name}`" in section
        ), f"{name} is not in {page}#{anchor}"
        assert rule["annotations"]["act"], name
