from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from node.alerts.alert import CODES
from node.client_interaction.status import State
from node.dapp.api.tokens import Scope
from node.readings.spool import status
from node.readings.spool.status import Status
from store import snapshot
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.conftest import Issue
from tests.unit.node.dapp.api.programs import ORIGIN, Program
from tests.waiting import BUSY


def scraped(program: Program) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by metric and labels' values, as Prometheus' own parser reads them."""
    answer = program.ask("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        assert family.type in ("gauge", "counter")
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_prometheus_reads_what_is_measured_in_base_units(program: Program) -> None:
    told = scraped(program)
    assert told["commonwatt_meter_power_watts"]["tie-11", "tie"] == 82.2
    assert told["commonwatt_meter_forward_joules_total"]["tie-11", "tie"] == 440_964.0
    assert told["commonwatt_battery_charge_ratio"][()] == 0.413
    assert told["commonwatt_trading_state"]["supplied",] == 1
    assert sum(told["commonwatt_trading_state"].values()) == 1
    assert told["commonwatt_chain_height_blocks"][()] == 4_231
    assert told["commonwatt_info"]["birch", "0.1.0"] == 1
    assert told["commonwatt_alerts"] == {(code,): 0 for code in CODES}
    assert told["commonwatt_spool_waiting_samples"][()] == 4_510
    assert 902 <= told["commonwatt_spool_oldest_age_seconds"][()] < 902 + BUSY
    assert (
        told["commonwatt_spool_away_seconds"][()] == told["commonwatt_spool_dropped_samples_total"][()] == 0
    )


def test_a_store_that_is_away_and_samples_that_had_to_go_are_told(program: Program, tmp_path: Path) -> None:
    away = Status(waiting=9, oldest=time.time() - 700, since=time.time() - 600, dropped=5, dropped_at=1.0)
    status.write(made_up.household(tmp_path).run, away)
    told = scraped(program)
    assert 600 <= told["commonwatt_spool_away_seconds"][()] < 600 + BUSY
    assert told["commonwatt_spool_dropped_samples_total"][()] == 5


def test_what_is_stale_is_left_out_and_its_age_is_not(program: Program, tmp_path: Path) -> None:
    made_up.publish(tmp_path, sampled=snapshot.boottime() - 60)
    told = scraped(program)
    for name in (
        "meter_power_watts",
        "battery_charge_ratio",
        "trading_state",
        "chain_height_blocks",
        "spool_waiting_samples",
    ):
        assert f"commonwatt_{name}" not in told
    assert told["commonwatt_meter_sample_age_seconds"]["load", "load"] >= 60
    assert "commonwatt_meter_forward_joules_total" in told


def test_what_is_wrong_is_counted_by_its_kind(program: Program, tmp_path: Path) -> None:
    made_up.publish(tmp_path, State.FAULT, soc=400)
    told = scraped(program)["commonwatt_alerts"]
    assert {code for (code,), count in told.items() if count} == {"battery-empty", "trading-fault"}


def test_who_looks_after_others_learns_nothing_of_what_they_use(app: Flask, issue: Issue) -> None:
    whole = scraped(Program(app.test_client(), issue(Scope.METRICS, name="own")))
    told = scraped(Program(app.test_client(), issue(Scope.HEALTH, name="watcher")))
    hidden = {name.removeprefix("commonwatt_") for name in whole.keys() - told.keys()}
    assert hidden == {
        *("meter_power_watts", "meter_forward_joules_total", "meter_reverse_joules_total"),
        *("battery_charge_ratio", "battery_volts", "battery_power_watts"),
    }
    assert told.keys() < whole.keys()


def test_nothing_published_is_no_reason_to_fail(program: Program, tmp_path: Path) -> None:
    for file in made_up.household(tmp_path).run.rglob("*.json"):
        file.unlink()
    told = scraped(program)
    assert told.keys() == {"commonwatt_info", "commonwatt_alerts"}
    assert told["commonwatt_alerts"]["logger-silent",] == 1


@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("::1", None, 200),
        ("10.0.0.9", None, 401),
        ("127.0.0.1", "10.0.0.9", 401),
    ],
)
def test_without_a_token_only_this_host_may_look_and_no_proxy_on_it(
    app: Flask, address: str, forwarded: str | None, status: int
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = app.test_client().get(
        "/metrics", base_url=ORIGIN, headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )
    assert answer.status_code == status


def test_a_token_needs_its_scope(app: Flask, issue: Issue) -> None:
    assert Program(app.test_client(), issue(Scope.READINGS, name="a")).refused("/metrics")[0] == 403
    assert Program(app.test_client(), issue(Scope.METRICS, name="b")).ask("/metrics").status_code == 200
