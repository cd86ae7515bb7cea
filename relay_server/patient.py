"""Pins for somebody who waits beside them: a driver that hangs is an error of its pin, no wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from relay_server.drivers.interface import Pins
from relay_server.hands import NONE, Call, Calls, What

Answer = TypeVar("Answer")


class PatientPins:
    """A driver whose calls are made by somebody else; see `Pins`."""

    def __init__(self, pins: Pins, calls: Calls) -> None:
        """Nothing is driven by it."""
        self._pins = pins
        self._calls = calls

    def drive(self, pin: int, energised: bool) -> None:
        """See `Pins.drive`; one that hangs counts as one that cannot be driven."""
        what = What.ENERGISE if energised else What.RELEASE
        self._made(what, pin, partial(self._pins.drive, pin, energised))

    def followed(self, pin: int) -> bool | None:
        """See `Pins.followed`.

        Raises:
            OSError: the driver hangs.
        """
        return self._made(What.LOOK, pin, partial(self._pins.followed, pin))

    def powered(self, pin: int) -> bool | None:
        """See `Pins.powered`.

        Raises:
            OSError: the driver hangs.
        """
        return self._made(What.LOOK, pin, partial(self._pins.powered, pin))

    def beat(self) -> None:
        """See `Pins.beat`."""
        self._made(What.BEAT, NONE, self._pins.beat)

    def close(self) -> None:
        """See `Pins.close`; what hangs is left behind."""
        self._made(What.CLOSE, NONE, self._pins.close)

    def _made(self, what: What, pin: int, call: Callable[[], Answer]) -> Answer:
        answers: list[Answer] = []
        errors: list[Exception] = []

        def make() -> None:
            try:
                answers.append(call())
            except Exception as error:
                errors.append(error)

        self._calls.make([Call((what, pin), make)])
        if errors:
            raise errors[0]
        if not answers:
            raise TimeoutError(f"the pin driver hangs at {what.value} of pin {pin}")
        return answers[0]
