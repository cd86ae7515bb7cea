"""What may be asked of a running world, one JSON object a line, and what it answers.

    {"op": "sense", "point": "birch.battery"}           → {"ok": true, "taken": boottime s, "values": {…}}
    {"op": "attach", "household": "birch"}              → {"ok": true}     this connection is birch's pins
    {"op": "drive", "pin": 23, "energised": true}       → {"ok": true}
    {"op": "followed", "pin": 23}                       → {"ok": true, "followed": true}
    {"op": "powered", "pin": 23}                        → {"ok": true, "powered": false}
    {"op": "truth"}                                     → {"ok": true, "began": Unix s, "truth": {…}}
    {"op": "switchings"}                                → {"ok": true, "switchings": [{"at": Unix s, …}]}
    {"op": "energy", "line": L, "start": s, "end": s}   → {"ok": true, "delivered": mWh, "received": mWh}
    {"op": "mute", "point": P, "muted": true}           → {"ok": true}     the sensor there is dead
    {"op": "break", "contact": C, "defect": "welded"}   → {"ok": true}     see spec.Defect; null repairs it
    {"op": "break", "pin": 23, "defect": "slow", "slower": 0.8} → {"ok": true}   of the attached household; s
    anything else                                       → {"ok": false, "error": "…"}

`start` and `end` are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from simulation.world.bench import Bench, UnknownThing
from simulation.world.contacts import SLOW
from simulation.world.instruments import points, reading


@dataclass
class Connection:
    """One client of the world."""

    household: str | None = None
    """Whose pins it drives, if any."""


@dataclass
class Answers:
    """Answers questions about one bench."""

    bench: Bench
    unix: float
    """Unix seconds at world second 0."""

    muted: set[str] = field(default_factory=set)
    noises: dict[str, Random] = field(default_factory=dict)

    def answer(self, connection: Connection, asked: Mapping[str, Any], boottime: float) -> dict[str, Any]:
        """The answer to one question; `boottime` (s) is stamped on what is sensed."""
        try:
            return {"ok": True, **self._answer(connection, asked, boottime)}
        except UnknownThing as error:
            return {"ok": False, "error": str(error)}
        except (KeyError, TypeError, ValueError) as error:
            return {"ok": False, "error": f"not understood: {asked!r}: {error!r}"}

    def _answer(self, connection: Connection, asked: Mapping[str, Any], boottime: float) -> dict[str, Any]:
        match asked["op"]:
            case "sense":
                return {"taken": boottime, "values": self._sense(asked["point"])}
            case "attach":
                if asked["household"] not in self.bench.state.homes:
                    raise UnknownThing(f"no household is called {asked['household']!r}")
                connection.household = asked["household"]
                return {}
            case "drive" | "followed" | "powered" as op:
                return self._pin(connection, op, asked)
            case "truth" | "switchings" | "energy" as op:
                return self._look_back(op, asked)
            case "mute" | "break" as op:
                return self._break(connection, op, asked)
        raise UnknownThing(f"there is no op {asked['op']!r}")

    def _sense(self, point: str) -> dict[str, int]:
        if point in self.muted:
            raise UnknownThing(f"the sensor at {point} is dead")
        noise = self.noises.setdefault(point, Random(f"{self.bench.spec.seed}:{point}"))
        return reading(self.bench.spec, self.bench.state, point, noise)

    def _pin(self, connection: Connection, op: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if connection.household is None:
            raise UnknownThing("say first whose pins these are: attach")
        if op == "followed":
            return {"followed": self.bench.followed(connection.household, asked["pin"])}
        if op == "powered":
            return {"powered": self.bench.powered(connection.household, asked["pin"])}
        self.bench.drive(connection.household, asked["pin"], bool(asked["energised"]))
        return {}

    def _look_back(self, op: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if op == "truth":
            return {"began": self.unix, "truth": self.bench.truth()}
        if op == "switchings":
            return {"switchings": [{**asdict(s), "at": self.unix + s.at} for s in self.bench.switchings]}
        start, end = asked["start"] - self.unix, asked["end"] - self.unix
        delivered, received = self.bench.energy(asked["line"], start, end)
        return {"delivered": delivered, "received": received}

    def _break(self, connection: Connection, op: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if op == "break":
            household = connection.household or ""
            contact = self.bench.contact(household, asked["pin"]).name if "pin" in asked else asked["contact"]
            self.bench.break_(contact, asked["defect"], float(asked.get("slower", SLOW)))
        elif asked["point"] not in points(self.bench.spec):
            raise UnknownThing(f"there is no measuring point {asked['point']!r}")
        else:
            (self.muted.add if asked["muted"] else self.muted.discard)(asked["point"])
        return {}
