"""An ESP32's pins, converters and watchdog on a desk: for CPython and MicroPython alike."""

record: list[tuple[int, int]] = []
"""(pin, level), each change of an output."""
shorted: dict[int, int] = {}
"""Pins that somebody holds at a level, whatever is driven."""
millivolts = {34: 1850}
"""At the converters' pins; None: the converter fails."""
levels: dict[int, int] = {}
"""At inputs; high where nothing is said."""
power = True


class PowerCut(Exception):
    """The plug was pulled, or the watchdog bit."""


class Pin:
    """One pin."""

    IN, OUT, PULL_UP = 1, 3, 2

    def __init__(self, number: int, mode: int = -1, pull: int = -1, value: int | None = None) -> None:
        self.number = number
        self.driven = 0
        if value is not None:
            self.value(value)

    def value(self, level: int | None = None) -> int:
        """Drive, or read."""
        if level is None:
            return shorted.get(self.number, levels.get(self.number, 1) if self.number >= 32 else self.driven)
        if level != self.driven:
            record.append((self.number, level))
        self.driven = level
        return level


class ADC:
    """One input of the converter."""

    ATTN_11DB = 3

    def __init__(self, pin: Pin, atten: int = 0) -> None:
        self.pin = pin

    def read_uv(self) -> int:
        """Calibrated microvolts."""
        found = millivolts.get(self.pin.number)
        if found is None:
            raise OSError(5)
        return found * 1000


class WDT:
    """The watchdog, and the plug."""

    def __init__(self, timeout: int) -> None:
        self.fed = 0

    def feed(self) -> None:
        """The loop turns."""
        self.fed += 1
        if not power:
            raise PowerCut
