"""What the table shows of a household: gathered from its own files and the world, each absent until it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantities import Energy, Tokens
from quantities.soc import SoC
from simulation.neighbourhood.folders import Neighbourhood
from store import snapshot

OLD = 10.0
"""Seconds after which a file says nothing about now."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One household at one moment, in words."""

    household: str
    role: str
    state: str = "starting"
    reason: str = ""
    soc: str = "–"
    source: str = "–"
    balance: str = "–"
    trade: str = ""
    height: int | None = None


def rows(neighbourhood: Neighbourhood, truth: Mapping[str, Any] | None) -> list[Row]:
    """All households, in their order.

    Args:
        truth: what the world last told, if it did.
    """
    found = []
    for member in neighbourhood.scenario.members:
        run = neighbourhood.household_run(member.name)
        fields = {
            name: fresh(snapshot.read(run / f"{name}.json")) for name in ("trading", "battery", "chain")
        }
        found.append(
            row(member.name, member.role, fields, None if truth is None else truth["homes"][member.name])
        )
    return found


def fresh(found: snapshot.Snapshot | None) -> Mapping[str, Any]:
    """The fields of a snapshot that is not old; none otherwise."""
    return found.fields if found is not None and found.age() < OLD else {}


def row(name: str, role: str, files: Mapping[str, Mapping[str, Any]], home: Mapping[str, Any] | None) -> Row:
    """One household from its three files and its part of the world's truth."""
    trading, battery, chain = files["trading"], files["battery"], files["chain"]
    balance = trading.get("balance")
    return Row(
        household=name.capitalize(),
        role=role,
        state=str(trading.get("state", "starting")),
        reason=str(trading.get("reason", "")),
        soc=str(SoC(battery["soc"])) if battery.get("soc") is not None else "–",
        source=source(home),
        balance=str(Tokens(int(balance))) if balance is not None else "–",
        trade=trade(trading),
        height=chain.get("height"),
    )


def source(home: Mapping[str, Any] | None) -> str:
    """Where the loads' power comes from."""
    if home is None:
        return "–"
    match home["source"]:
        case None:
            return "nothing!"
        case "home":
            return "own battery" if home["battery_w"] < 0 or not home["panel_w"] else "own panel"
        case line:
            return str(line).partition("-")[0].capitalize()


def trade(trading: Mapping[str, Any]) -> str:
    """The trade that runs."""
    if not trading.get("order"):
        return ""
    bought, received = trading.get("energy_mwh"), trading.get("received_mwh") or 0
    amount = f"{Energy(received)} of {Energy(bought)}" if bought else ""
    seller = str(trading.get("seller") or "").capitalize()
    return f"{amount} from {seller}" if seller else amount
