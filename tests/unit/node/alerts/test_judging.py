"""What people are told of, by what the processes say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.alerts import Alert, Facts, Severity, judge
from node.alerts.alert import CODES
from node.client_interaction.status import State, Status
from node.dapp.household import Household
from node.dapp.sources import Battery, Chain, Observation, Spool, Trading
from node.readings.spool.status import Status as Waiting
from node.sensors.status import State as SensorState
from node.sensors.status import Status as Sensor

HOUSE = Household(name="birch", run=Path("run"), state=Path("state"), meters=("load",), own_node=True)
NOW = 1_700_000_000.0

CHAIN = Chain(height=90, head_time=NOW - 1, peers=2, signers=3, sealing=False, syncing=False, geth="1", age=1)
TRADING = Trading(
    status=Status(state=State.HOME, reason="At home.", next="Buys below 30 %.", since=NOW), age=1
)
LIVE = Sensor(driver="ina219", state=SensorState.LIVE, taken=99.0)
WELL = Facts(
    seen=Observation(unix=NOW, chain=CHAIN, trading=TRADING),
    boottime=100.0,
    sensors={"load": LIVE},
    free=10_000_000_000,
)


def judged(house: Household = HOUSE, facts: Facts = WELL, **seen: Any) -> dict[str, Alert]:
    found = judge(house, replace(facts, seen=replace(facts.seen, **seen)))
    assert all(alert.code in CODES for alert in found)
    assert all(alert.says.endswith(".") and alert.act for alert in found), found
    return {alert.key: alert for alert in found}


def trading(state: State, reason: str = "It is so.", age: float = 1.0) -> Trading:
    return Trading(status=replace(TRADING.status, state=state, reason=reason), age=age)


def owning(credit: int) -> Trading:
    return Trading(status=replace(TRADING.status, credit=str(credit)), age=1.0)


def spool(**status: Any) -> Spool:
    return Spool(status=Waiting(waiting=90, **status), age=1)


def test_a_household_in_which_all_is_well_has_no_alert() -> None:
    assert judged() == {}


def test_neighbours_on_another_chain_are_named() -> None:
    alert = judged(facts=replace(WELL, others=("alder", "cedar")))["chain-other"]
    assert alert.severity is Severity.CRITICAL
    assert alert.says == "Another chain than ours is followed by Alder, Cedar."


@pytest.mark.parametrize(
    ("seen", "code", "severity"),
    [
        ({"chain": None}, "chain-silent", "critical"),
        ({"chain": replace(CHAIN, age=31)}, "chain-silent", "critical"),
        ({"chain": replace(CHAIN, syncing=True)}, "chain-behind", "warning"),
        ({"chain": replace(CHAIN, head_time=NOW - 61)}, "chain-stalled", "critical"),
        ({"chain": replace(CHAIN, head_time=NOW - 61, still=60.0)}, "chain-stalled", "critical"),
        ({"chain": replace(CHAIN, head_time=NOW - 61, still=59.0)}, "clock-wrong", "critical"),
        ({"chain": replace(CHAIN, head_time=NOW + 16)}, "clock-wrong", "critical"),
        ({"chain": replace(CHAIN, replaced=3, replaced_at=NOW - 86_399)}, "chain-parted", "critical"),
        ({"chain": replace(CHAIN, disk_per_day=9, disk_days=29.0)}, "disk-filling", "warning"),
        (
            {"trading": replace(TRADING, status=replace(TRADING.status, credit=str(2 * 10**17)))},
            "gas-low",
            "warning",
        ),
        ({"chain": replace(CHAIN, peers=0)}, "no-neighbour", "warning"),
        ({"chain": replace(CHAIN, silent=("0xab",))}, "signer-silent:0xab", "warning"),
        ({"trading": None}, "trading-silent", "critical"),
        ({"spool": spool(since=NOW - 901, reason="no server")}, "store-away", "warning"),
        ({"spool": spool(dropped=5, dropped_at=NOW - 86_399)}, "samples-lost", "critical"),
        ({"trading": trading(State.HOME, age=31)}, "trading-silent", "critical"),
        ({"trading": trading(State.FAULT)}, "trading-fault", "critical"),
        ({"trading": trading(State.NO_SUPPLY)}, "no-supply", "warning"),
        (
            {"battery": Battery(soc=499, voltage=0, power=0, confidence=90, age=1)},
            "battery-empty",
            "critical",
        ),
    ],
)
def test_what_is_seen_of_the_processes(seen: dict[str, Any], code: str, severity: str) -> None:
    found = judged(**seen)
    assert list(found) == [code]
    assert found[code].severity == severity


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"sensors": None}, "logger-silent", "critical"),
        ({"free": 1_999_999_999}, "disk-low", "warning"),
        ({"free": 199_999_999}, "disk-full", "critical"),
        ({"outlook": "The tokens will run out on 3 May."}, "tokens-low", "warning"),
    ],
)
def test_what_is_seen_beside_them(changes: dict[str, Any], code: str, severity: str) -> None:
    found = judged(facts=replace(WELL, **changes))
    assert list(found) == [code]
    assert found[code].severity == severity


@pytest.mark.parametrize("seen", [
    {"chain": replace(CHAIN, peers=0, signers=1)},
    {"chain": replace(CHAIN, head_time=NOW - 59)},
    {"chain": replace(CHAIN, head_time=NOW + 15)},
    {"chain": replace(CHAIN, head_time=NOW - 59, still=1.0)},
    {"chain": replace(CHAIN, replaced=3, replaced_at=NOW - 86_400)},
    {"chain": replace(CHAIN, disk_per_day=9, disk_days=30.0)},
    {"trading": owning(credit=24 * 10**16)},
    {"trading": trading(State.OFF)},
    {"spool": spool()},
    {"spool": spool(since=NOW - 899, reason="no server")},
    {"spool": spool(dropped=5, dropped_at=NOW - 86_401)},
    {"trading": trading(State.SUPPLIED)},
    {"battery": Battery(soc=500, voltage=0, power=0, confidence=90, age=1)},
    {"battery": Battery(soc=10, voltage=0, power=0, confidence=90, age=31)},
])  # fmt: skip
def test_what_nobody_is_told_of(seen: dict[str, Any]) -> None:
    assert judged(**seen) == {}


@pytest.mark.parametrize(("taken", "told"), [(41.0, False), (39.0, True)])
def test_a_sensor_is_told_of_after_a_minute_without_a_value(taken: float, told: bool) -> None:
    failed = Sensor(driver="ina219", state=SensorState.FAILED, reason="no answer at 0x40", taken=taken)
    found = judged(facts=replace(WELL, sensors={"load": failed}))
    assert ("sensor:load" in found) is told
    if told:
        assert found["sensor:load"].says == "The sensor load has had no value for 1 min: no answer at 0x40."


def test_a_sensor_that_never_gave_a_value_counts_from_its_start() -> None:
    failed = Sensor(driver="ina219", state=SensorState.FAILED, since=39.0)
    assert list(judged(facts=replace(WELL, sensors={"load": failed}))) == ["sensor:load"]


def test_a_household_without_sensors_or_node_misses_neither() -> None:
    bare = replace(HOUSE, meters=(), own_node=False)
    assert judged(bare, replace(WELL, sensors=None), chain=None) == {}


def test_what_is_critical_comes_first() -> None:
    found = judged(
        facts=replace(WELL, free=1), trading=trading(State.NO_SUPPLY), chain=replace(CHAIN, peers=0)
    )
    assert list(found) == ["disk-full", "no-supply", "no-neighbour"]
    assert [alert.severity for alert in found.values()] == [Severity.CRITICAL, *[Severity.WARNING] * 2]


def test_every_kind_of_alert_is_in_the_document() -> None:
    text = Path("docs/alerts.md").read_text()
    assert [code for code in CODES if f"| `{code}` |" not in text] == []
