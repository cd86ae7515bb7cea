"""What a pin driver does. Entry-point group `commonwatt.pins`, called as `Driver(options)`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from relay_server.errors import RelayError

GROUP = "commonwatt.pins"


class Pins(Protocol):
    """Outputs that energise coils, and the inputs that tell what became of it.

    A driver touches a pin only when told to: making it must change no output, because the relay de-energises
    in the safe order (feeds and ties first, then home). All methods return within a few milliseconds; none
    of them waits for a contact to move. They are called from one thread at a time, but for one case: while a
    call does not return (`hands.PATIENCE`), those for other contacts, and the release of its own, come from
    another thread.
    """

    def drive(self, pin: int, energised: bool) -> None:
        """Energise or release one coil. Repeating is harmless.

        Raises:
            OSError: the output cannot be driven; the relay latches a fault.
        """

    def followed(self, pin: int) -> bool | None:
        """Whether the contact stands where the coil was last driven, by its auxiliary contact.

        None: none is wired, so the relay waits the stated dead time instead.
        """

    def powered(self, pin: int) -> bool | None:
        """Whether there is voltage on the supply side of this contact. None: no sense input is wired."""

    def beat(self) -> None:
        """Called at each turn of the safety loop (at least 10 a second).

        Retriggers the hardware timer that releases every coil when this process dies, where one is wired.
        """

    def close(self) -> None:
        """Give the outputs back. The relay has de-energised them before."""


class DriverMissing(RelayError):
    """The configured pin driver is not installed, or does not work on this machine."""


def load(name: str, options: dict[str, Any]) -> Pins:
    """Make the driver that is registered under this name.

    Raises:
        DriverMissing: unknown, not importable here, or refusing its options.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise DriverMissing(f"relay.pins.driver: no pin driver is called {name!r}; installed: {known}")
    try:
        return cast(Pins, found[name].load()(options))
    except DriverMissing:
        raise
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise DriverMissing(f"relay.pins: the driver {name!r} does not start: {error}") from error
