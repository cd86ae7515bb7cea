"""Pins over the contacts of the simulated world: they take time to move, and break as those do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay_server.drivers.recording import RecordingPins
from simulation.world.contacts import BREAKS, SLOW, Contact, at_rest, drive, move
from simulation.world.spec import ContactSpec, Defect, Kind


class WornPins(RecordingPins):
    """`contacts` says, as in the others, whether a contact stands where its energised coil would have it.

    Args:
        home: the pin whose contact is normally closed.
        ties: the other sources of the same load.
        unwired: pins without auxiliary contact.
    """

    def __init__(
        self, home: int, ties: Sequence[int], unwired: Sequence[int], clock: Callable[[], float]
    ) -> None:
        super().__init__({"unwired": unwired}, clock)
        self._home, self._ties = home, ties
        self._worn: dict[int, Contact] = {}
        self._specs: dict[int, ContactSpec] = {}
        self._opened: dict[int, float] = dict.fromkeys(ties, float("-inf"))
        self.gaps: list[float] = []
        """At each coil that closes a source: seconds for which every other source had been open."""
        self.departures: list[float] = []
        """When home's coil was energised."""

    def drive(self, pin: int, energised: bool) -> None:
        stood, changes = self.contacts.get(pin, False), self.energised.get(pin, False) is not energised
        super().drive(pin, energised)
        if changes:
            self._note(pin, energised)
        self.contacts[pin] = stood
        self._worn[pin] = drive(self._contact(pin), energised, self.clock())

    def move(self) -> None:
        """Let every contact follow its coil, as far as it can by now."""
        for pin, contact in self._worn.items():
            moved = move(self._spec(pin), contact, self.clock())
            self._worn[pin] = moved
            if contact.closed and not moved.closed:
                self._opened[pin] = contact.since + BREAKS + contact.slower * (contact.defect == "slow")
            self.contacts[pin] = moved.closed is not self._spec(pin).normally_closed

    def break_(self, pin: int, defect: Defect, slower: float = SLOW) -> None:
        """Give a contact a defect."""
        was = self._contact(pin)
        self._worn[pin] = Contact(
            closed=was.closed, energised=was.energised, since=was.since, defect=defect, slower=slower
        )

    @property
    def defective(self) -> bool:
        """Whether any contact has a defect."""
        return any(contact.defect for contact in self._worn.values())

    def repair(self) -> None:
        """Take every defect away; contacts then move as their coils stand."""
        for pin, was in self._worn.items():
            self._worn[pin] = Contact(closed=was.closed, energised=was.energised, since=was.since)
        self.move()

    def _note(self, pin: int, energised: bool) -> None:
        if pin == self._home and energised:
            self.departures.append(self.clock())
        elif pin == self._home or (pin in self._ties and energised):
            others = [source for source in (self._home, *self._ties) if source != pin]
            self.gaps.append(min(self.clock() - self._open_since(other) for other in others))

    def _open_since(self, pin: int) -> float:
        return float("inf") if self._contact(pin).closed else self._opened[pin]

    def _contact(self, pin: int) -> Contact:
        return self._worn.get(pin) or at_rest(self._spec(pin))

    def _spec(self, pin: int) -> ContactSpec:
        if pin not in self._specs:
            kind: Kind = "home" if pin == self._home else "tie"
            self._specs[pin] = ContactSpec(name=str(pin), household="", pin=pin, kind=kind)
        return self._specs[pin]
