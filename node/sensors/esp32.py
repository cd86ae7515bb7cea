"""The path board (firmware/esp32) as a battery's sensor: its voltage, its state of charge, and its current
where one is wired.

    battery: {driver: esp32, board: "10.0.0.9:15556", key_file: board.look.key}

It asks with the board's look key, which switches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain import options
from node.sensors.driver import Measurement, Quantity
from node.sensors.errors import OptionsRefused, SensorError
from relay_server.drivers.esp32.client import BoardClient, BoardLost, KeyFileRefused, read_key
from relay_server.drivers.esp32.frames import Role
from store.snapshot import boottime


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: esp32`."""

    board: str
    """Address and port of the board."""

    key_file: str
    """Holds the board's look key: 64 hexadecimal digits."""

    role: str = "look"
    """Which of the board's keys it is; `switch` where the board has one key only."""

    timeout: int = 1_000
    """Milliseconds for one answer."""

    def __post_init__(self) -> None:
        options.within("timeout", self.timeout, 100, 10_000)
        if self.role not in [*Role]:
            raise options.OptionRefused(f"role: {self.role!r}: write look or switch")


class Esp32:
    """Entry point `esp32` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Read the key; the connection is made by the first `read`.

        Raises:
            OptionsRefused: the address or the key file is wrong.
        """
        self._options = options.read(Options, given)
        try:
            key = read_key(self._options.key_file)
            role, timeout = Role(self._options.role), self._options.timeout / 1_000
            self._client = BoardClient(self._options.board, role, key, timeout)
        except (ValueError, KeyFileRefused) as error:
            raise OptionsRefused(str(error)) from error

    def read(self) -> Sequence[Measurement]:
        """What the board measured within its last 50 ms.

        Raises:
            SensorError: the board does not answer, or is blind.
        """
        taken = boottime()
        try:
            status = self._client.status()
        except BoardLost as error:
            raise SensorError(str(error)) from error
        if status.voltage is None or status.soc is None:
            raise SensorError(
                f"the board at {self._options.board} cannot measure its battery: check the divider at its "
                "voltage pin"
            )
        measured = [
            Measurement(Quantity.VOLTAGE, status.voltage, taken),
            Measurement(Quantity.SOC, status.soc, taken),
        ]
        if status.current is not None:
            measured.append(Measurement(Quantity.CURRENT, status.current, taken))
            power = round(status.voltage * status.current / 1_000)
            measured.append(Measurement(Quantity.POWER, power, taken))
        return measured

    def close(self) -> None:
        """Hang up."""
        self._client.close()
