"""A relay board's coils and inputs by pymodbus: each failure an OSError, each new try a new connection."""

from __future__ import annotations

import logging
from typing import Any

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException

from chain.endpoint import host_and_port

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
"""It complains of each lost answer, twenty times a second; the relay says it once."""


class ModbusBoard:
    """Connects by itself, and anew after a failure."""

    def __init__(self, board: str, unit: int, baud: int, timeout: float) -> None:
        """Prepare.

        Args:
            board: `host:port`, or the device of a serial line (RTU).
            timeout: seconds for one answer.
        """
        self._unit = unit
        self._client: ModbusTcpClient | ModbusSerialClient
        if board.startswith("/"):
            self._client = ModbusSerialClient(board, baudrate=baud, timeout=timeout, retries=0)
        else:
            host, port = host_and_port(board)
            self._client = ModbusTcpClient(host, port=port, timeout=timeout, retries=0)

    def write(self, coil: int, energised: bool) -> None:
        """Write one coil.

        Raises:
            OSError: no answer, or a refusal.
        """
        self._asked("write_coil", coil, energised)

    def coils(self, first: int, count: int) -> list[bool]:
        """Read coils back.

        Raises:
            OSError: no answer, or a refusal.
        """
        return list(self._asked("read_coils", first, count=count).bits[:count])

    def inputs(self, first: int, count: int) -> list[bool]:
        """Read discrete inputs.

        Raises:
            OSError: no answer, or a refusal.
        """
        return list(self._asked("read_discrete_inputs", first, count=count).bits[:count])

    def close(self) -> None:
        """Hang up."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _asked(self, what: str, *arguments: Any, **named: Any) -> Any:
        try:
            if not self._client.connected and not self._client.connect():
                raise ConnectionError("the board cannot be reached")
            answer = getattr(self._client, what)(*arguments, device_id=self._unit, **named)
        except (ModbusException, OSError) as error:
            self._client.close()  # type: ignore[no-untyped-call]
            raise OSError(str(error)) from error
        if answer.isError():
            raise OSError(f"the board refuses {what}: {answer}")
        return answer
