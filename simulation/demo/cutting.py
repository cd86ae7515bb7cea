"""`commonwatt demo --cut NAME`: a household's network is cut in the middle of a trade, and mended later.

What came of it is told, and kept in `cut.json`: when the household had left the line, when the seller's feed
opened, what was not paid by then, and what may be unpaid at the most.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from neighbourhood.ports import P2P, RELAY
from node.config import load
from quantities import Energy
from relay_server.lease import bound
from relay_server.records import open_records
from simulation.demo.cables import Cable, Cables
from simulation.neighbourhood.folders import Neighbourhood
from simulation.neighbourhood.scenario import Line, Scenario
from simulation.world.client import WorldClient
from simulation.world.spec import WorldError
from store import snapshot

CUT = 25.0
"""Seconds: longer than any lease, shorter than what is given a household to settle an order in."""

BEGUN, MUCH = 200, 0.6
"""mWh received, several vouchers' worth, and the part of the order's energy, between which a supply is in its
middle."""


def cables(scenario: Scenario) -> list[Cable]:
    """Between the household that can be cut and all others."""
    return [
        Cable(host=str(scenario.way(one.name, other.name)), target=str(other.address), port=port)
        for one in scenario.members
        for other in scenario.members
        if one is not other and scenario.cuttable in {one.name, other.name}
        for port in (RELAY, P2P)
    ]


class Cutting:
    """Cuts once."""

    def __init__(self, neighbourhood: Neighbourhood, household: str, world: WorldClient) -> None:
        """Prepare; `world` is asked how contacts really moved."""
        self.household = household
        self._neighbourhood = neighbourhood
        self._world = world
        self._cables = Cables(cables(neighbourhood.scenario))
        self._at: float | None = None
        """Monotonic seconds of the cut."""
        self._facts: dict[str, Any] = {}
        self._mended = False

    def begin(self) -> None:
        """Lay the cables."""
        self._cables.lay()

    def end(self) -> None:
        """Take them up."""
        self._cables.take_up()

    def look(self) -> Iterator[str]:
        """Cut, or mend, if it is time to; what happened, in words."""
        if self._at is None:
            trade = self._middle()
            if trade is not None:
                yield self._cut(trade)
        elif not self._mended and time.monotonic() - self._at >= CUT:
            yield from self._told()
            self._cables.mend()
            self._mended = True
            self._facts["mended"] = time.time()
            self._keep()
            yield f"{self.household.capitalize()}: its network is back"

    def _middle(self) -> Mapping[str, Any] | None:
        """The household's trade, if it is in the middle of its supply."""
        found = snapshot.read(self._neighbourhood.household_run(self.household) / "trading.json")
        if found is None or found.age() > 2 or found.fields.get("state") != "supplied":
            return None
        received, energy = found.fields.get("received_mwh") or 0, found.fields.get("energy_mwh") or 0
        try:
            homes = self._world.ask("truth")["truth"]["homes"]
        except WorldError:
            return None
        flows = homes[self.household]["source"] not in {"home", None}
        return found.fields if flows and BEGUN < received < MUCH * energy else None

    def _cut(self, trade: Mapping[str, Any]) -> str:
        self._at = time.monotonic()
        self._cables.cut()
        self._facts = {
            "household": self.household, "seller": trade["seller"], "order": trade["order"],
            "cut": time.time(),
        }  # fmt: skip
        self._keep()
        return (
            f"{self.household.capitalize()}: cut off, {Energy(trade['received_mwh'])} into a trade "
            f"with {trade['seller'].capitalize()}"
        )

    def _told(self) -> Iterator[str]:
        """How both households came out of it; nothing is asked of them, the world and the books say it."""
        seller = self._facts["seller"]
        line = next(x for x in self._neighbourhood.scenario.bought_by(self.household) if x.seller == seller)
        left = self._opened(f"{self.household}.tie-{line.tie}")
        opened = self._opened(f"{seller}.feed-{line.feed}")
        unpaid, most, lease = self._unpaid(line)
        self._facts |= {
            "lease_s": lease, "tie_open_s": left, "feed_open_s": opened,
            "unpaid_mwh": unpaid.mwh, "bound_mwh": most.mwh,
        }  # fmt: skip
        self._keep()
        buyer, seller = self.household.capitalize(), seller.capitalize()
        yield f"{buyer}: left the line {seconds(left)} after the cut (lease {lease:g} s)"
        yield f"{seller}: opened its feed {seconds(opened)} after the cut"
        yield f"{seller}: {unpaid} are not vouchered for; {most} is the most that may be"

    def _opened(self, contact: str) -> float | None:
        """Seconds from the cut to a contact's opening; None: it did not."""
        moved = self._world.ask("switchings")["switchings"]
        since = self._facts["cut"]
        openings = (s["at"] for s in moved if s["contact"] == contact and not s["closed"])
        at = next((at for at in openings if at >= since), None)
        return None if at is None else round(at - since, 3)

    def _unpaid(self, line: Line) -> tuple[Energy, Energy, float]:
        """By the seller's own record: the gap, its bound, and the lease."""
        relay = load([self._neighbourhood.configuration(line.seller)]).relay
        assert relay is not None  # noqa: S101 - every seller has one
        rating = next(feed.rating for feed in relay.feeds if feed.contact == line.feed)
        order = bytes.fromhex(str(self._facts["order"]).removeprefix("0x"))
        records = open_records(self._neighbourhood.state(line.seller) / "relay.db")
        [best] = [each for each in records.best_vouchers() if each.order == order]
        unpaid = Energy(max(best.delivered - best.energy, 0))
        return unpaid, bound(Energy(best.delivered), rating, relay), relay.lease

    def _keep(self) -> None:
        text = json.dumps(self._facts, indent=2) + "\n"
        snapshot.replace_whole(self._neighbourhood.folder / "cut.json", text.encode())


def seconds(found: float | None) -> str:
    """As people read it."""
    return "not yet, 25 s" if found is None else f"{found:.1f} s"
