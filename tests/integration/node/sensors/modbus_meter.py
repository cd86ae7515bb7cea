"""Modbus meters: pymodbus's own server over TCP or a pty, with the registers that a test puts there.

A register that is not there is refused, as a real meter does.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

HOLDING, INPUT = 3, 4


def floats(values: Mapping[int, float]) -> dict[int, int]:
    """Registers with IEEE floats, the higher word first, as Eastron's meters have them."""
    found = {}
    for address, value in values.items():
        found[address], found[address + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return found


class Meters:
    """One line of meters, in a thread until `stop`."""

    def __init__(
        self,
        meters: Mapping[int, Mapping[int, int]],
        *,
        kind: int = INPUT,
        tcp: tuple[str, int] | None = None,
        port: str = "",
        baud: int = 9_600,
    ) -> None:
        """Serve.

        Args:
            meters: unit → register → word.
            kind: the function that reads them.
        """
        self.meters = {unit: dict(registers) for unit, registers in meters.items()}
        self.asked: list[tuple[int, int, int]] = []
        """Unit, first register, count."""
        self.busy = False
        self._kind, self._tcp, self._port, self._baud = kind, tcp, port, baud
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._server: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(20)

    def stop(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(20)
            self._thread.join(20)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        devices = [self._device(unit, registers) for unit, registers in self.meters.items()]
        if self._tcp:
            self._server = ModbusTcpServer(devices, address=self._tcp)
        else:
            self._server = ModbusSerialServer(
                devices,
                framer=FramerType.RTU,
                port=self._port,
                baudrate=self._baud,
            )
        await self._server.serve_forever(background=True)
        self._started.set()
        await self._server.serving

    def _device(self, unit: int, registers: Mapping[int, int]) -> SimDevice:
        async def asked(
            function: int, start: int, address: int, count: int, current: list[int], new: Any
        ) -> ExcCodes | None:
            self.asked.append((unit, address, count))
            if self.busy:
                return ExcCodes.DEVICE_BUSY
            for place in range(address, address + count):
                current[place - start] = self.meters[unit][place]
            return None

        there = [
            SimData(block.start, values=[0] * len(block), datatype=DataType.REGISTERS)
            for block in _blocks(sorted(registers))
        ]
        bits = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
        elsewhere = [SimData(60_000, values=[0], datatype=DataType.REGISTERS)]
        words = (there, elsewhere) if self._kind == HOLDING else (elsewhere, there)
        return SimDevice(unit, (bits, bits, *words), action=asked)


def _blocks(addresses: Sequence[int]) -> list[range]:
    found: list[range] = []
    for address in addresses:
        if found and found[-1].stop == address:
            found[-1] = range(found[-1].start, address + 1)
        else:
            found.append(range(address, address + 1))
    return found
