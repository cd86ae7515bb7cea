"""The pin driver `esp32`: the two paths of a path board as a feed and a tie.

    pins: {driver: esp32, board: "10.0.0.9:15556", key_file: board.key}

Pin 26 is the supply path (give it to a feed), pin 25 the receive path (to a tie), as on the board itself.
`home_pin` may be any other number: home is the changeover's other side, so it moves with the receive path and
has no coil of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain import options
from relay_server.drivers.esp32.client import BoardClient, KeyFileRefused, read_key
from relay_server.drivers.esp32.frames import Path, Role
from relay_server.drivers.esp32.gateway import Gateway, stands_closed, stands_open
from relay_server.drivers.interface import DriverMissing

PATHS = {26: Path.SUPPLY, 25: Path.RECEIVE}


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: esp32`."""

    board: str
    """Address and port of the board."""

    key_file: str
    """Holds the board's switch key: 64 hexadecimal digits."""

    lease: int = 3_000
    """Milliseconds after which the board opens by itself when it hears nothing; at most its own lease_ms."""

    timeout: int = 1_000
    """Milliseconds for one answer."""

    def __post_init__(self) -> None:
        options.within("lease", self.lease, 1_000, 60_000)
        options.within("timeout", self.timeout, 100, 10_000)


class Esp32Pins:
    """Entry point `esp32` in `commonwatt.pins`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Connect; without an answer, wait until the board must have opened by itself.

        Raises:
            DriverMissing: options or the key file are wrong.
        """
        try:
            self._options = options.read(Options, given)
            key = read_key(self._options.key_file)
            client = BoardClient(self._options.board, Role.SWITCH, key, self._options.timeout / 1_000)
        except (ValueError, KeyFileRefused) as error:
            raise DriverMissing(f"relay.pins: {error}") from None
        self._gateway = Gateway(client, self._options.lease / 1_000)
        self._energised: dict[int, bool] = {}
        self._gateway.settle()

    def drive(self, pin: int, energised: bool) -> None:
        """Want a path closed or open; the gateway's thread tells the board at once.

        Raises:
            OSError: the other path is wanted already: the board closes one of them only.
        """
        if pin in PATHS:
            other = [p for p in PATHS if p != pin and self._energised.get(p)]
            if energised and other:
                raise OSError(f"the board supplies or receives, never both: {PATHS[other[0]]} is wanted")
            self._energised[pin] = energised
            wanted = [PATHS[p] for p, on in self._energised.items() if on]
            self._gateway.want(wanted[0] if wanted else Path.IDLE)

    def followed(self, pin: int) -> bool | None:
        """Whether the path stands as it was last driven, by the board's answers or the end of every lease."""
        if pin not in PATHS or pin not in self._energised:
            return None
        stands = stands_closed if self._energised[pin] else stands_open
        return stands(self._gateway.known, PATHS[pin], time.monotonic())

    def powered(self, pin: int) -> bool | None:
        """Nothing on the board senses a line's voltage."""
        return None

    def beat(self) -> None:
        """Without it the gateway renews no lease."""
        self._gateway.beat()

    def close(self) -> None:
        """Ask for IDLE, and hang up."""
        self._gateway.close()
