"""One household's configuration, in the words of config.example.yml, as plain data for YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neighbourhood.lines import sellers
from neighbourhood.ports import P2P, PAGES, RELAY, RPC
from simulation.neighbourhood.scenario import (
    ADDRESS,
    DELTA,
    HOME_PIN,
    LIMIT,
    MARGIN,
    OFFERED,
    RATING,
    RESUME,
    Line,
    Member,
    Scenario,
)

AUTHRPC = 8551
"""Of the first household, on 127.0.0.1, where geth opens it in any case; the others' follow."""

MAX_PRICE = 400
"""Tokens per kWh: what a token is worth on a bench of a few watt-hours."""

DAILY_BUDGET = 500
"""Tokens: the demo's hours are a household's days."""

DWELL = SETTLE = 10
"""Seconds at home between two supplies, and between two changes of an offer: the demo's minutes are a
household's hours."""


INTENTS = {
    "stop_for": "2 min",
    "send": 50,
    "send_per_day": 200,
    "max_price_to": 600,
    "daily_budget_to": 1_000,
    "offer_price_from": 100,
}
"""How far a visitor may go from a household's pages: enough to try, and to be refused."""

REPORTS = "1 min"
"""A day of the demo has ten of them."""

READINGS = {"sync": "1 s", "batch": "5 s"}
"""A report of the demo comes after a minute, and a visitor may want a proof in the next."""

LOWEST = 5
"""State of charge that a household without a neighbour to buy from calls low, percent."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all households of one neighbourhood share."""

    geth: Path
    run: Path
    """Short, for Unix sockets' paths have at most 107 characters."""

    accounts: Mapping[str, str]
    """Household → account."""

    enodes: Mapping[str, str]
    """Household → enode."""

    logs: Path | None = None
    """Where each process's log is; None: nowhere that is known here."""

    @property
    def world(self) -> Path:
        """The world's socket."""
        return self.run / "world.sock"


def household(scenario: Scenario, member: Member, around: Surroundings) -> dict[str, Any]:
    """The whole configuration of one household; relative paths are relative to its folder."""
    run, name = around.run / member.name, member.name
    sold, bought = scenario.sold_by(name), scenario.bought_by(name)
    configuration: dict[str, Any] = {
        "household": {"name": name, "role": member.role},
        "paths": {"run": str(run), "state": "state"},
        "account": {
            "keystore": "key.json",
            "password_file": "key.password",
            **({"first_run": True} if name == scenario.newcomer else {}),
        },
        "chain": chain(scenario, member, around),
        "relay": relay(scenario, member, around),
        "sensors": {meter: sensor(around, f"{name}.{meter}") for meter in meters(scenario, member)},
        "battery": {
            "sensor": "battery",
            "capacity": f"{member.ratings.capacity:.0f} mWh",
            "fuelgauge": True,
        },
        "readings": READINGS,
        "reports": {"interval": REPORTS},
        "dapp": {
            "listen": f"{member.address}:{PAGES}",
            **({"logs": str(around.logs)} if around.logs else {}),
        },
        "intents": INTENTS,
    }
    if bought:
        configuration["trading"] = {
            "limit": f"{LIMIT} %",
            "resume": f"{RESUME} %",
            "delta": f"{DELTA} mWh",
            "max_price": MAX_PRICE,
            "daily_budget": DAILY_BUDGET,
            "dwell": f"{DWELL} s",
        }
        relays = {each.name: f"{scenario.way(name, each.name)}:{RELAY}" for each in scenario.members}
        configuration["sellers"] = sellers(bought, name, around.accounts, relays)
    else:
        # Nobody could supply it; below its own reserve it says so.
        configuration["trading"] = {"limit": f"{LOWEST} %", "resume": f"{member.ratings.reserve} %"}
    if sold:
        configuration["offers"] = {
            "reserve": f"{member.ratings.reserve} %",
            "margin": f"{MARGIN} %",
            "settle": f"{SETTLE} s",
            "feeds": [
                {"contact": line.feed, "price": member.ratings.price, "max_energy": f"{OFFERED} mWh"}
                for line in sold
            ],
        }
    return configuration


def meters(scenario: Scenario, member: Member) -> list[str]:
    """The names of a household's meters, as of the points in its world."""
    return [
        "battery",
        "load",
        *(["panel"] if member.ratings.panel else []),
        *(feed_meter(line) for line in scenario.sold_by(member.name)),
        *(tie_meter(line) for line in scenario.bought_by(member.name)),
    ]


def feed_meter(line: Line) -> str:
    """The seller's meter of a line."""
    return f"feed-{line.feed}"


def tie_meter(line: Line) -> str:
    """The buyer's meter of a line."""
    return f"tie-{line.tie}"


def sensor(around: Surroundings, point: str) -> dict[str, Any]:
    """A simulated sensor at one point of the world."""
    return {"driver": "simulated", "world": str(around.world), "point": point}


def authrpc(member: Member) -> int:
    """The port that geth opens for nobody: another one in another network, as all share 127.0.0.1."""
    return AUTHRPC + (int(member.address) - int(ADDRESS)) % 1_000


def chain(scenario: Scenario, member: Member, around: Surroundings) -> dict[str, Any]:
    """The household's chain node, and its sealer if it seals."""
    node: dict[str, Any] = {
        "geth": str(around.geth),
        "data": "chain",
        "listen": f"{member.address}:{P2P}",
        "http": f"{member.address}:{RPC}",
        "authrpc_port": authrpc(member),
        "ipc": str(around.run / member.name / "geth.ipc"),
        "key_file": "node.key",
        "peers": [
            f"{enode.partition('@')[0]}@{scenario.way(member.name, name)}:{P2P}"
            for name, enode in around.enodes.items()
            if name not in {member.name, scenario.newcomer}
        ],
    }
    if scenario.cuttable is None:  # it follows at once; see `chain.clique.MAX_PEERS`
        node["max_peers"] = max(len(node["peers"]), 1)
    if member.seals:
        node["seal"] = {
            "keystore": "sealer.json",
            "password_file": "sealer.password",
            "socket": str(around.run / member.name / "sealer.sock"),
        }
    return {
        "rpc": f"http://{member.address}:{RPC}",
        "genesis": "../genesis.json",
        "manifest": "../manifest.json",
        "node": node,
    }


def relay(scenario: Scenario, member: Member, around: Surroundings) -> dict[str, Any]:
    """The household's relay server with its contacts."""
    configuration: dict[str, Any] = {
        "listen": f"{member.address}:{RELAY}",
        "pins": {"driver": "simulated", "world": str(around.world), "household": member.name},
        "feeds": [
            contact(line.feed, line.feed_pin, feed_meter(line)) for line in scenario.sold_by(member.name)
        ],
    }
    bought = scenario.bought_by(member.name)
    if bought:
        configuration["transfer"] = {
            "home_pin": HOME_PIN,
            "ties": [contact(line.tie, line.tie_pin, tie_meter(line)) for line in bought],
        }
    return configuration


def contact(number: int, pin: int, meter: str) -> dict[str, Any]:
    """One contact and its meter."""
    return {"contact": number, "pin": pin, "meter": meter, "rating": f"{RATING} W"}
