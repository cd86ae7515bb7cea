"""A world while it runs: its state, what was noted, and the file from which it goes on after a crash.

The physics do not stop when the process does: a world that is started again catches up with the time that
passed, so that no meter ever counts backwards. Time is always an argument here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

from simulation.world import notes, state
from simulation.world.contacts import SLOW, drive
from simulation.world.notes import Event, Flow, Note, Switching
from simulation.world.spec import DEFECTS, ContactSpec, Defect, WorldError, WorldSpec
from simulation.world.step import line_of, step
from store import snapshot

FLOW_EVERY = 0.25
"""World seconds between two notes of a line's counters."""

SAVE_EVERY = 1.0
"""World seconds between two saves; every switching saves too."""


class UnknownThing(WorldError):
    """A question about a point, pin, contact or line that this world does not have."""


class Bench:
    """A running world.

    Args:
        folder: where it keeps `state.json` and `notes.jsonl`.
        began: reading of the caller's clock at world second 0; a world found in `folder` knows its own.
        clock_id: names the caller's clock; a saved world of another clock cannot go on.
    """

    def __init__(self, spec: WorldSpec, folder: Path, *, began: float, clock_id: str) -> None:
        self.spec = spec
        self.folder = folder
        self.began, self.clock_id = began, clock_id
        self.state = state.initial(spec)
        self.switchings: list[Switching] = []
        self.events: list[Event] = []
        self.flows: dict[str, list[Flow]] = defaultdict(list)
        self._sampled: dict[str, Flow] = {x.name: Flow(0.0, x.name, 0.0, 0.0) for x in spec.lines}
        self._next_flow = FLOW_EVERY
        self._next_save = 0.0
        self._restore()
        self._file: TextIO = (folder / "notes.jsonl").open("a")

    def advance(self, now: float) -> None:
        """Let the world pass up to `now` of the caller's clock."""
        until = now - self.began - self.spec.dt
        while self.state.t <= until:
            self.state, noted = step(self.spec, self.state, self.spec.dt)
            for note in noted:
                self._note(note)
                if isinstance(note, Switching) and (line := line_of(self.spec, note.contact)) is not None:
                    self._note(Flow(note.at, line.name, note.delivered, note.received))
            if self.state.t >= self._next_flow:
                self._next_flow += FLOW_EVERY
                self._sample_flows()
        if self.state.t >= self._next_save:
            self.save()

    def contact(self, household: str, pin: int) -> ContactSpec:
        """The contact that a household's pin energises.

        Raises:
            UnknownThing: no contact is wired to it.
        """
        try:
            return self.spec.by_pin[household, pin]
        except KeyError:
            raise UnknownThing(f"{household}: no contact is wired to pin {pin}") from None

    def drive(self, household: str, pin: int, energised: bool) -> None:
        """Change the power of one coil."""
        name = self.contact(household, pin).name
        changed = drive(self.state.contacts[name], energised, self.state.t)
        self.state = replace(self.state, contacts={**self.state.contacts, name: changed})
        self.save()

    def followed(self, household: str, pin: int) -> bool:
        """Whether the contact stands where its coil wants it (the auxiliary contact)."""
        spec = self.contact(household, pin)
        contact = self.state.contacts[spec.name]
        return contact.closed == (contact.energised != spec.normally_closed)

    def powered(self, household: str, pin: int) -> bool:
        """Whether there is voltage on the supply side of the contact."""
        spec = self.contact(household, pin)
        if spec.kind == "tie":
            line = next((x for x in self.spec.lines if x.tie == spec.name), None)
            return line is not None and self.state.lines[line.name].volts > 0
        return not self.state.homes[household].cut

    def without_power(self, household: str) -> None:
        """Let all coils of one household fall, as when its Raspberry Pi dies."""
        names = tuple(c.name for c in self.spec.contacts if c.household == household)
        self.state = state.without_power(self.state, names)
        self.save()

    def break_(self, contact: str, defect: Defect | None, slower: float = SLOW) -> None:
        """Give a contact a defect, or repair it.

        Args:
            slower: seconds that it takes longer, if it is to be slow.
        """
        if contact not in self.state.contacts:
            raise UnknownThing(f"no contact is called {contact!r}")
        if defect not in (None, *DEFECTS):
            raise UnknownThing(f"{defect!r} is no defect of a contact; there are {', '.join(DEFECTS)}")
        changed = replace(self.state.contacts[contact], defect=defect, slower=slower)
        self.state = replace(self.state, contacts={**self.state.contacts, contact: changed})

    def energy(self, line: str, start: float, end: float) -> tuple[float, float]:
        """(delivered, received) in mWh over one line between two world seconds, exact at every switching."""
        if line not in self.state.lines:
            raise UnknownThing(f"no line is called {line!r}")
        now = self.state.lines[line]
        flows = [*self.flows[line], Flow(self.state.t, line, now.delivered, now.received)]
        return notes.energy(flows, start, end)

    def happened(self) -> list[Event]:
        """Shorts, outages and fallen batteries so far, those that still last included."""
        lasting = []
        for name, home in self.state.homes.items():
            if home.out_since is not None:
                lasting.append(Event(home.out_since, "outage", name, self.state.t - home.out_since, "lasts"))
            if home.short_since is not None:
                lasting.append(
                    Event(home.short_since, "short", name, self.state.t - home.short_since, "lasts")
                )
        return self.events + lasting

    def save(self) -> None:
        """Replace the file from which this world goes on."""
        self._next_save = self.state.t + SAVE_EVERY
        self._file.flush()
        saved = {"began": self.began, "clock": self.clock_id, "state": state.dump(self.state)}
        snapshot.replace_whole(self.folder / "state.json", json.dumps(saved).encode())

    def close(self) -> None:
        """Save for the last time."""
        self.save()
        self._file.close()

    def truth(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            **state.dump(self.state),
            "events": [asdict(event) for event in self.happened()],
            "soc": {h.name: self.state.soc(h) for h in self.spec.households},
        }

    def _note(self, note: Note) -> None:
        self._file.write(notes.write(note) + "\n")
        self._remember(note)

    def _remember(self, note: Note) -> None:
        match note:
            case Switching():
                self.switchings.append(note)
            case Event():
                self.events.append(note)
            case Flow():
                self.flows[note.line].append(note)
                self._sampled[note.line] = note

    def _sample_flows(self) -> None:
        """Note the lines whose counters moved; the first note of a flow is of its last moment at rest."""
        for name, line in self.state.lines.items():
            last = self._sampled[name]
            sample = Flow(self.state.t, name, line.delivered, line.received)
            noted = self.flows[name][-1].at if self.flows[name] else -1.0
            if line.delivered == last.delivered:
                self._sampled[name] = sample
                continue
            if last.at > noted:
                self._note(last)
            self._note(sample)

    def _restore(self) -> None:
        """Go on from where an earlier process of this world was killed, if there was one."""
        try:
            saved = json.loads((self.folder / "state.json").read_text())
        except FileNotFoundError:
            return
        if saved["clock"] != self.clock_id:
            raise WorldError(
                f"{self.folder}: this world ran before the machine was booted; remove the folder"
            )
        self.began, self.state = saved["began"], state.load(saved["state"])
        self._next_flow = self.state.t + FLOW_EVERY
        for note in notes.read((self.folder / "notes.jsonl").read_text().splitlines(), until=self.state.t):
            self._remember(note)
        for name, line in self.state.lines.items():
            self._sampled[name] = Flow(self.state.t, name, line.delivered, line.received)
