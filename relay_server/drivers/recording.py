"""Pins that remember what was done to them and when, for tests: contacts that follow, or are told not to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Driven:
    """One change of one coil."""

    at: float
    pin: int
    energised: bool


class RecordingPins:
    """In memory. `stuck` pins do not follow, `unwired` ones have no auxiliary contact, `broken` raise."""

    def __init__(
        self, options: Mapping[str, Any] | None = None, clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.record: list[Driven] = []
        self.energised: dict[int, bool] = {}
        self.contacts: dict[int, bool] = {}
        """Where the contacts really stand, as their coils would have them."""
        self.stuck: set[int] = set()
        self.broken: set[int] = set()
        self.unwired: set[int] = set(dict(options or {}).get("unwired", ()))
        self.voltage: dict[int, bool] = {}
        self.beats = 0
        self.closed = False
        self.clock = clock

    def drive(self, pin: int, energised: bool) -> None:
        """Record a change; driving to where it is already is none."""
        if pin in self.broken:
            raise OSError(f"pin {pin} is broken")
        if self.energised.get(pin) is not energised:
            self.record.append(Driven(self.clock(), pin, energised))
        self.energised[pin] = energised
        if pin not in self.stuck:
            self.contacts[pin] = energised

    def followed(self, pin: int) -> bool | None:
        """Whether the contact stands where its coil would have it."""
        if pin in self.unwired:
            return None
        return self.contacts.get(pin, False) == self.energised.get(pin, False)

    def powered(self, pin: int) -> bool | None:
        """What the test said."""
        return self.voltage.get(pin)

    def beat(self) -> None:
        """Count."""
        self.beats += 1

    def close(self) -> None:
        """Remember."""
        self.closed = True

    def changes(self, *pins: int) -> list[tuple[float, int, bool]]:
        """The record of these pins (of all, if none is named), without the releases of the boot."""
        first = dict.fromkeys(self.energised, False)
        kept = []
        for each in self.record:
            if first.get(each.pin, False) == each.energised:
                continue
            first[each.pin] = each.energised
            if not pins or each.pin in pins:
                kept.append((each.at, each.pin, each.energised))
        return kept
