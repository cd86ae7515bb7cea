"""The whole firmware (main.py and all) with a desk in place of the chip, behind a real TCP socket."""

from __future__ import annotations

import importlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ports import free_port
from tests.unit.firmware.esp32.made import LOOK, SWITCH, settings_text
from tests.waiting import PATIENCE

DESK = Path(__file__).parent / "desk"
CHIP = ("machine", "network", "esp32")
FIRMWARE = ("board", "main")

SUPPLY_PIN, RECEIVE_PIN = 26, 25


class Board:
    """A board that can be switched on and off, and what there is to see and to turn on it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._thread: threading.Thread | None = None
        self.failure: BaseException | None = None
        monkeypatch.setattr(time, "ticks_ms", lambda: time.monotonic_ns() // 1_000_000, raising=False)
        monkeypatch.setattr(time, "sleep_ms", lambda ms: time.sleep(ms / 1_000), raising=False)
        monkeypatch.syspath_prepend(str(DESK))
        for name in (*CHIP, *FIRMWARE):
            monkeypatch.delitem(sys.modules, name, raising=False)
        self.machine: Any = importlib.import_module("machine")
        self.network: Any = importlib.import_module("network")
        self.port = free_port("127.0.0.1")
        self.write_settings()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def key_file(self, role: str = "switch", key: bytes | None = None) -> str:
        file = self.folder / f"{role}.key"
        file.write_text((key or (SWITCH if role == "switch" else LOOK)).hex() + "\n")
        file.chmod(0o600)
        return str(file)

    def write_settings(self, **changes: Any) -> None:
        (self.folder / "settings.json").write_text(settings_text(port=self.port, **changes))

    def switch_on(self) -> None:
        self._patch.chdir(self.folder)
        for name in FIRMWARE:
            sys.modules.pop(name, None)
        self.machine.power = True
        main = importlib.import_module("main")
        self._thread = threading.Thread(target=self._run, args=(main,), daemon=True)
        self._thread.start()
        self.until(self._listens)

    def switch_off(self) -> None:
        self.machine.power = False
        if self._thread:
            self._thread.join(PATIENCE)
        self._thread = None

    def reboot(self) -> None:
        self.switch_off()
        self.switch_on()

    @property
    def closed(self) -> str:
        """By the record of what was driven."""
        levels = dict[int, int]()
        for pin, level in self.machine.record:
            levels[pin] = level
            assert not (levels.get(SUPPLY_PIN) and levels.get(RECEIVE_PIN)), "both paths"
        return "SUPPLY" if levels.get(SUPPLY_PIN) else "RECEIVE" if levels.get(RECEIVE_PIN) else "IDLE"

    def until(self, condition: Any, seconds: float = PATIENCE) -> float:
        """Wait until it is so; answers how long that took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, f"not so after {seconds} s"
            time.sleep(0.005)
        return time.monotonic() - began

    def until_closed(self, path: str, seconds: float = PATIENCE) -> float:
        return self.until(lambda: self.closed == path, seconds)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _run(self, main: Any) -> None:
        try:
            main.main()
        except self.machine.PowerCut:
            pass
        except BaseException as error:
            self.failure = error


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    made = Board(tmp_path, monkeypatch)
    made.switch_on()
    yield made
    made.switch_off()
    for name in (*CHIP, *FIRMWARE):
        sys.modules.pop(name, None)
    assert made.failure is None
