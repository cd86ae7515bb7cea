"""What a host has connected, for processes of their own: only what the kernel tells of it is made up.

`below` writes a module that Python loads at the start of every process that finds it: it lists
pseudo-terminals as the serial ports of USB adapters, and puts chips behind `/dev/i2c-1`. Everything above is
the real thing.
"""

from __future__ import annotations

import json
import os
import pty
import threading
import tty
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[4]

FRAMED = b"$CWM,0,A,1910,3700,4166,439263,1*78A8\r\n"
"""A line of the current meter: -3.7 V of a cell and the like; see firmware/acs712."""

MODULE = """
import sys
PORTS, CHIPS, FORBIDDEN, HANGS = {ports}, {chips}, {forbidden}, {hangs}
ours = getattr(sys, "orig_argv", [])
if any(part.startswith("node.") for part in ours) or any("node.logger.run" in part for part in ours):
    import time
    from serial.tools import list_ports, list_ports_common

    def comports(*_):
        found = []
        for device, product in PORTS.items():
            port = list_ports_common.ListPortInfo(device)
            port.vid, port.product = 0x1A86, product
            found.append(port)
        return found

    list_ports.comports = comports
    if "node.logger.answering" in ours and HANGS:
        time.sleep(3600)
    if CHIPS or FORBIDDEN:
        sys.path.insert(0, {checkout!r})
        import pytest
        from Adafruit_PureIO import smbus
        from node.sensors import scanning
        from tests.integration.node.sensors.chip import Bus, Chip

        class Forbidden(Chip):
            def read(self, length):
                raise AssertionError("a chip in use was read")
            def write(self, data):
                raise AssertionError("a chip in use was written to")

        chips = {{address: Chip(volts=12.0, amps=0.5) for address in CHIPS}}
        kind = Forbidden if "node.logger.answering" in ours else Chip
        used = {{address: kind(volts=12.0) for address in FORBIDDEN}}
        bus = Bus(1, {{**chips, **used}})
        bus.serve(pytest.MonkeyPatch())
        smbus.open, smbus.ioctl = bus.open, bus.ioctl
        scanning.buses = lambda *_: [1]
    else:
        from node.sensors import scanning
        scanning.buses = lambda *_: []
"""


def below(
    folder: Path,
    ports: dict[str, str] | None = None,
    chips: Sequence[int] = (),
    forbidden: Sequence[int] = (),
    *,
    hangs: bool = False,
) -> None:
    """Have this connected.

    Args:
        folder: has to be in PYTHONPATH.
        ports: device → what its adapter says it is.
        chips: addresses of INA219s on bus 1, each with 12 V.
        forbidden: likewise, and nobody but the logger may speak to them.
        hangs: whoever looks at all that hangs.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        MODULE.format(
            ports=json.dumps(ports or {}),
            chips=list(chips),
            forbidden=list(forbidden),
            hangs=hangs,
            checkout=str(CHECKOUT),
        )
    )


class CurrentMeter:
    """The project's current meter at a serial port, one line after the other."""

    def __init__(self) -> None:
        self._meter, self._pi = pty.openpty()
        tty.setraw(self._pi)
        self.port = os.ttyname(self._pi)
        os.set_blocking(self._meter, False)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Unplug it."""
        self._over.set()
        self._thread.join()
        os.close(self._meter)
        os.close(self._pi)

    def _speak(self) -> None:
        while not self._over.wait(0.2):
            try:
                os.write(self._meter, FRAMED)
            except BlockingIOError:
                continue  # nobody listens
