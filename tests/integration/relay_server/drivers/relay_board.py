"""A Modbus relay board: pymodbus's server, over TCP or a pty, with coils that fall in a silence.

Its auxiliary contacts are discrete inputs of the same number; `welded` ones stay closed.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import tty
from pathlib import Path
from typing import Any

from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

BITS = 16
WRITE_COILS, READ_INPUTS = (5, 15), 2


class RelayBoard:
    """Runs in a thread until `stop`."""

    def __init__(self, *, tcp: tuple[str, int] | None = None, line: str = "", releases_after: float = 0.6):
        self._coils, self._inputs = [False] * BITS, [False] * BITS
        self.releases_after = releases_after
        self.welded: set[int] = set()
        self.record: list[tuple[float, int, bool]] = []
        self._heard = time.monotonic()
        self._tcp, self._line = tcp, line
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._server: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(5)

    def coil(self, number: int) -> bool:
        return self._coils[number]

    def voltage(self, number: int, there: bool) -> None:
        self._inputs[number] = there

    def stop(self) -> None:
        """As with a pulled plug of its data line: the coils are left to themselves."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(5)
            self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        bits = [SimData(0, count=BITS, values=False, datatype=DataType.BITS)]
        words = [SimData(0, values=0, datatype=DataType.REGISTERS)]
        device = SimDevice(1, (bits, bits, words, words), action=self._asked)
        if self._tcp:
            self._server = ModbusTcpServer(device, address=self._tcp)
        else:
            self._server = ModbusSerialServer(device, framer=FramerType.RTU, port=self._line, baudrate=9_600)
        falling = asyncio.ensure_future(self._fall())
        self._started.set()
        try:
            await self._server.serve_forever()
        finally:
            falling.cancel()

    async def _asked(
        self, function: int, _start: int, address: int, _count: int, registers: list[int], values: Any
    ) -> None:
        """Called by pymodbus before it answers: what it answers with is ours."""
        self._heard = time.monotonic()
        if function in WRITE_COILS and values is not None:
            self._coils[address : address + len(values)] = [bool(value) for value in values]
            self._follow()
        shown = self._inputs if function == READ_INPUTS else self._coils
        registers[0] = sum(1 << number for number, bit in enumerate(shown) if bit)

    def _follow(self) -> None:
        for number in range(4):
            closed = self._coils[number] or number in self.welded
            if self._inputs[number] is not closed:
                self._inputs[number] = closed
                self.record.append((time.monotonic(), number, closed))

    async def _fall(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            if time.monotonic() - self._heard > self.releases_after:
                self._coils[:] = [False] * BITS
                self._follow()


class Wire:
    """Two ends of a serial line, as ptys joined by a thread."""

    def __init__(self) -> None:
        (self._one, first), (self._other, second) = os.openpty(), os.openpty()
        for end in (first, second, self._one, self._other):
            tty.setraw(end)
        self.here, self.there = os.ttyname(first), os.ttyname(second)
        assert Path(self.here).exists()
        for source, target in ((self._one, self._other), (self._other, self._one)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    @staticmethod
    def _carry(source: int, target: int) -> None:
        try:
            while data := os.read(source, 256):
                os.write(target, data)
        except OSError:
            return
