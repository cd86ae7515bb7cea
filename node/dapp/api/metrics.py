"""`/metrics` for Prometheus: base units in the names, and nothing that is stale.

https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from flask import Blueprint, Response

from node.alerts import Alert
from node.alerts.alert import CODES
from node.client_interaction.status import State
from node.dapp.api.entrance import demand, holds
from node.dapp.api.state import place, release
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.dapp.household import Household
from node.dapp.sources import STALE_METER, STALE_PROCESS, Observation
from node.wallet.credit import ETHER
from quantities import Tokens

page = Blueprint("metrics", __name__)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

JOULES_PER_MWH = 3.6


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric with its values now."""

    name: str
    meaning: str
    kind: str
    """gauge or counter."""
    values: list[tuple[Mapping[str, str], float]]
    """By their labels."""


@page.get("/metrics")
def metrics() -> Response:
    """Everything that is known now, as far as the caller may know it."""
    whole = holds(Scope.METRICS)
    if not holds(Scope.HEALTH):
        demand(Scope.METRICS)
    here = context()
    house, seen = here.household, here.observe()
    found = health(house, seen, here.alerts(seen)[0])
    return Response(written(chain(found, usage(house, seen)) if whole else found), content_type=MEDIA_TYPE)


def written(found: Iterable[Metric]) -> str:
    """As Prometheus reads it; metrics without a value are left out."""
    lines = []
    for metric in found:
        if metric.values:
            lines += [f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{_labels(labels)} {value!r}" for labels, value in metric.values]
    return "\n".join(lines) + "\n"


def health(house: Household, seen: Observation, alerts: Iterable[Alert]) -> Iterator[Metric]:
    """How the household does. A value of something that is silent is left out, its age is not."""
    about = {"household": house.name, "version": release()}
    yield _gauge("info", "Who this is.", [(about, 1)])
    wrong = Counter(alert.code for alert in alerts)
    yield _gauge(
        "alerts",
        "How many things of a kind are wrong (docs/alerts.md).",
        [({"code": code}, wrong[code]) for code in CODES],
    )
    yield _gauge(
        "meter_sample_age_seconds",
        "Age of a meter's sample.",
        [(_of_meter(house, name), round(age, 3)) for name, age in seen.ages.items()],
    )
    yield from _trading(seen)
    yield from _chain(seen)
    yield from _spool(seen)
    ages = {"battery": seen.battery, "trading": seen.trading, "chain": seen.chain, "spool": seen.spool}
    yield _gauge(
        "published_age_seconds",
        "Age of what a process published last.",
        [({"part": part}, each.age) for part, each in ages.items() if each is not None],
    )


def usage(house: Household, seen: Observation) -> Iterator[Metric]:
    """What the household uses, makes and stores: it tells when somebody is at home."""
    yield _gauge(
        "meter_power_watts",
        "Power, forward positive; of live meters only.",
        [
            (_of_meter(house, name), register.power / 1_000)
            for name, register in seen.meters.items()
            if seen.ages[name] <= STALE_METER
        ],
    )
    for way in ("forward", "reverse"):
        yield Metric(
            name=f"commonwatt_meter_{way}_joules_total",
            meaning=f"Energy that a meter counted {way}.",
            kind="counter",
            values=[
                (_of_meter(house, name), round(getattr(register, way) * JOULES_PER_MWH, 1))
                for name, register in seen.meters.items()
            ],
        )
    yield from _battery(seen)


def _of_meter(house: Household, name: str) -> Mapping[str, str]:
    return {"meter": name, "place": place(house, name)}


def _battery(seen: Observation) -> Iterator[Metric]:
    battery = seen.battery
    if battery is None or battery.age > STALE_METER:
        return
    yield _gauge("battery_charge_ratio", "State of charge, 0 to 1.", [({}, battery.soc / 10_000)])
    yield _gauge("battery_volts", "Voltage.", [({}, battery.voltage / 1_000)])
    yield _gauge("battery_power_watts", "Power, charging positive.", [({}, battery.power / 1_000)])


def _trading(seen: Observation) -> Iterator[Metric]:
    if seen.trading is None or seen.trading.age > STALE_PROCESS:
        return
    status = seen.trading.status
    yield _gauge(
        "trading_state",
        "1 for what the household does, 0 for the others.",
        [({"state": state}, int(state is status.state)) for state in State],
    )
    for name, base in (("balance", status.balance), ("escrow", status.escrow)):
        if base is not None:
            tokens = int(base) / Tokens.parse(1).value
            yield _gauge(f"{name}_tokens", f"The household's {name}.", [({}, tokens)])
    if status.credit is not None:
        yield _gauge("fee_credit_ether", "What is left for fees.", [({}, int(status.credit) / ETHER)])


def _chain(seen: Observation) -> Iterator[Metric]:
    chain = seen.chain
    if chain is None or chain.age > STALE_PROCESS:
        return
    yield _gauge("chain_height_blocks", "Number of the newest block.", [({}, chain.height)])
    yield _gauge("chain_head_timestamp_seconds", "When it was made, Unix time.", [({}, chain.head_time)])
    yield _gauge("chain_peers", "Nodes that are connected.", [({}, chain.peers)])
    yield _gauge("chain_signers", "Nodes that may seal.", [({}, chain.signers)])
    yield _gauge("chain_sealing", "Whether this one seals.", [({}, int(chain.sealing))])
    yield _gauge("chain_syncing", "Whether it still fetches old blocks.", [({}, int(chain.syncing))])


def _spool(seen: Observation) -> Iterator[Metric]:
    if seen.spool is None or seen.spool.age > STALE_PROCESS:
        return
    status = seen.spool.status
    oldest = seen.unix if status.oldest is None else status.oldest
    away = seen.unix if status.since is None else status.since
    yield _gauge("spool_waiting_samples", "Samples that are not in the store yet.", [({}, status.waiting)])
    yield _gauge("spool_oldest_age_seconds", "Age of the oldest of them.", [({}, _past(seen, oldest))])
    yield _gauge("spool_away_seconds", "For how long the store takes nothing.", [({}, _past(seen, away))])
    yield Metric(
        name="commonwatt_spool_dropped_samples_total",
        meaning="Samples that had to go because the spool was full.",
        kind="counter",
        values=[({}, status.dropped)],
    )


def _past(seen: Observation, unix: float) -> float:
    return round(max(seen.unix - unix, 0.0), 1)


def _gauge(name: str, meaning: str, values: list[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(name=f"commonwatt_{name}", meaning=meaning, kind="gauge", values=values)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
