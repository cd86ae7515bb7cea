"""Coils of a Modbus relay board, over TCP or a serial line.

    pins: {driver: modbus, board: "10.0.0.9:502", releases_after: 2000, auxiliary: {0: 0}, sense: {1: 2}}

A pin is the address of a coil; `auxiliary` and `sense` name discrete inputs. A board at the end of a wire
goes on without us when that is cut: so it has to release its coils by itself after `releases_after` of
silence, as boards for such use can be told to. Where a board cannot, a retriggerable timer in the coils'
supply must.

One thread talks to the board, for an answer may take longer than a turn of the safety loop. It releases a
coil again and again until the board confirms it; it energises one for a moment after it was told to, and
never by itself when the board comes back from a silence. Without a beat of the safety loop it says nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chain import options
from chain.endpoint import host_and_port
from relay_server.drivers.interface import DriverMissing
from relay_server.drivers.wiring import Wiring

PERIOD = 0.05
"""Seconds between two looks at the board."""

STALE = 0.4
"""Seconds after which an answer says nothing about now. With `follow`, 500 ms, a cut wire is a fault."""

TRYING = 0.3
"""Seconds after `drive` in which a coil is energised, if the first try is lost."""

SILENT = 1.0
"""Seconds without a beat of the safety loop after which the board is left to itself, and releases."""


@dataclass(frozen=True)
class Options(Wiring):
    """What stands beside `driver: modbus`."""

    board: str = ""
    """`host:port`, or the device of a serial line (RTU)."""

    releases_after: int = 0
    """Milliseconds of silence after which the board releases its coils by itself."""

    unit: int = 1
    """The board's own address."""

    baud: int = 9_600
    timeout: int = 200
    """Milliseconds for one answer."""

    def __post_init__(self) -> None:
        if not self.board:
            raise options.OptionRefused("the option 'board' is missing; add it")
        if not self.board.startswith("/"):
            host_and_port(self.board, "10.0.0.9:502")
        options.within("releases_after", self.releases_after, 500, 60_000)
        options.within("unit", self.unit, 0, 247)
        options.within("timeout", self.timeout, 20, 2_000)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the board last answered."""

    at: float = float("-inf")
    """Monotonic seconds at which it was asked."""

    coils: Mapping[int, bool] = field(default_factory=dict)
    inputs: Mapping[int, bool] = field(default_factory=dict)


class Board(Protocol):
    """One exchange at a time; each raises OSError when there is no good answer."""

    def write(self, coil: int, energised: bool) -> None: ...  # noqa: D102
    def coils(self, first: int, count: int) -> list[bool]: ...  # noqa: D102
    def inputs(self, first: int, count: int) -> list[bool]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class ModbusPins:
    """Entry point `modbus` in `commonwatt.pins`."""

    def __init__(
        self,
        given: Mapping[str, Any],
        board: Callable[[Options], Board] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to talk; no coil changes. A board that does not answer is waited for until it has released.

        Raises:
            DriverMissing: pymodbus is not installed, or an option is wrong.
        """
        try:
            self._options = options.read(Options, given)
        except ValueError as error:
            raise DriverMissing(f"relay.pins: {error}") from None
        self._board = (board or _board)(self._options)
        self._clock = clock
        self._born = clock()
        self._lock = threading.Lock()
        self._wanted: dict[int, tuple[bool, float]] = {}
        """Coil → energised, and when that was asked for."""
        self._look = Look()
        self._beaten = self._born
        self._answered = threading.Event()
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="modbus", daemon=True)
        self._thread.start()
        self._answered.wait(self._options.releases_after / 1_000)

    def drive(self, pin: int, energised: bool) -> None:
        """Want a coil energised or released; the thread tells the board at once."""
        with self._lock:
            self._beaten = max(self._beaten, self._clock())
            self._wanted[pin] = (energised, self._clock())
        self._wake.set()

    def followed(self, pin: int) -> bool | None:
        """Whether the contact stands as it was last driven, by what the board answered since.

        A board that falls silent closes nothing: what it confirmed released stays so, and what it did not is
        released `releases_after` later. An energised coil counts as not following.
        """
        with self._lock:
            asked, look = self._wanted.get(pin), self._look
        if asked is None:
            return None
        energised, since = asked
        stood = look.at > since and self._stood(pin, energised, look)
        silence = self._clock() - max(look.at, self._born)
        if silence <= STALE:
            return stood
        return not energised and (stood or silence * 1_000 > self._options.releases_after)

    def powered(self, pin: int) -> bool | None:
        """Whether the sense input sees voltage; nothing while the board is silent."""
        wired, look = self._options.sense.get(pin), self._look
        if wired is None or self._clock() - look.at > STALE:
            return None
        return look.inputs.get(wired)

    def beat(self) -> None:
        """Without it the board is not spoken to, and releases its coils."""
        self._beaten = self._clock()

    def close(self) -> None:
        """Release every coil that was driven, and hang up."""
        self._ended = True
        self._wake.set()
        self._thread.join(2.0)

    def _stood(self, pin: int, energised: bool, look: Look) -> bool:
        wired = self._options.auxiliary.get(pin)
        if wired is None:
            return look.coils.get(pin) == self._level(energised)
        return wired in look.inputs and self._options.stands(pin, energised, look.inputs[wired])

    def _level(self, energised: bool) -> bool:
        return energised != self._options.active_low

    def _run(self) -> None:
        while not self._ended:
            if self._clock() - self._beaten <= SILENT:
                self._exchange()
            self._wake.wait(PERIOD)
            self._wake.clear()
        with self._lock:
            self._wanted = {coil: (False, self._clock()) for coil in self._wanted}
        self._exchange()
        self._board.close()

    def _exchange(self) -> None:
        with self._lock:
            wanted, look = dict(self._wanted), self._look
        try:
            for coil, (energised, since) in wanted.items():
                if self._due(coil, energised, since, look):
                    self._board.write(coil, self._level(energised))
            asked = self._clock()
            coils = _span(wanted or (0,), self._board.coils)
            inputs = _span(self._options.inputs, self._board.inputs)
        except OSError:
            return  # the look grows old: `followed` says so
        with self._lock:
            self._look = Look(at=asked, coils=coils, inputs=inputs)
        self._answered.set()

    def _due(self, coil: int, energised: bool, since: float, look: Look) -> bool:
        """Whether to write it: released until that is confirmed, energised while that is new."""
        confirmed = look.at > since and look.coils.get(coil) == self._level(energised)
        return not confirmed and (not energised or self._clock() - since <= TRYING)


def _span(addresses: Any, read: Callable[[int, int], list[bool]]) -> dict[int, bool]:
    """Read all addresses at once."""
    if not addresses:
        return {}
    first, last = min(addresses), max(addresses)
    found = read(first, last - first + 1)
    return {address: found[address - first] for address in addresses}


def _board(settings: Options) -> Board:
    try:
        from relay_server.drivers.modbus_board import ModbusBoard  # noqa: PLC0415 - only here is pymodbus needed
    except ImportError as error:
        raise DriverMissing(
            f"relay.pins.driver: modbus needs pymodbus ({error}): pip install pymodbus"
        ) from None
    return ModbusBoard(settings.board, settings.unit, settings.baud, settings.timeout / 1_000)
