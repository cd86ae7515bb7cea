"""The coils of all contacts, and what their contacts say: a driver behind which nothing else breaks.

Drivers come from anywhere and raise anything: whatever one pin does, the next one is still released.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relay_server.acts import Tell
from relay_server.drivers.interface import Pins


class Coils:
    """Pins by the numbers of their contacts."""

    def __init__(self, pins: Pins, numbers: Mapping[int, int], tell: Callable[[Tell], object]) -> None:
        """Take the driver over; nothing is driven yet.

        Args:
            numbers: pin of each contact.
            tell: takes what the log has to know.
        """
        self._pins = pins
        self._numbers = numbers
        self._tell = tell
        self._undriven: dict[int, bool] = {}
        self._late: frozenset[int] = frozenset()
        """Driven in this turn only, after they could not be: their contacts have not followed yet."""

    def drive(self, contact: int, energised: bool) -> None:
        """Energise or release; an output that cannot be driven counts as a contact that does not follow."""
        failed_before = self._undriven.pop(contact, None) is not None
        try:
            self._pins.drive(self._numbers[contact], energised)
        except Exception as error:
            self._undriven[contact] = energised
            if not failed_before:
                facts: dict[str, str | int] = {
                    "energised": energised,
                    "error": f"{type(error).__name__}: {error}",
                }
                self._tell(Tell(event="pin not driven", contact=contact, facts=facts))

    def drive_again(self) -> None:
        """Try once more what could not be driven."""
        again = tuple(self._undriven.items())
        for contact, energised in again:
            self.drive(contact, energised)
        self._late = frozenset(contact for contact, _ in again)

    def followed(self, contact: int) -> bool | None:
        """Whether a contact stands as it was last driven; None where no auxiliary contact is wired."""
        if contact in self._undriven or contact in self._late:
            return False
        try:
            return self._pins.followed(self._numbers[contact])
        except Exception:
            return False

    def powered(self, contact: int) -> bool | None:
        """Whether there is voltage on the supply side; None where no sense input is wired, or it fails."""
        try:
            return self._pins.powered(self._numbers[contact])
        except Exception:
            return None

    def beat(self) -> None:
        """Once a turn of the safety loop: see `Pins.beat`."""
        self._pins.beat()
