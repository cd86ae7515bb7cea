"""A real MQTT broker, Mosquitto, on a loopback address."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt import publish

ADDRESS = "127.0.61.2"
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
PATIENCE = 20.0


class Broker:
    """Can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"{ADDRESS}:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.configure("allow_anonymous true")

    def configure(self, *more: str) -> None:
        """Write the configuration that the next start reads."""
        lines = [f"listener {self.port} {ADDRESS}", "persistence false", "user root", *more]
        (self._folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def password(self, user: str, password: str) -> None:
        """Let only this user in, from the next start on."""
        file = self._folder / "passwords"
        file.touch(mode=0o600)
        subprocess.run(["mosquitto_passwd", "-b", str(file), user, password], check=True, capture_output=True)
        self.configure("allow_anonymous false", f"password_file {file}")

    def start(self) -> None:
        program = shutil.which("mosquitto", path=PATH)
        assert program is not None
        log = (self._folder / "log").open("ab")
        command = [program, "-c", str(self._folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex((ADDRESS, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def says(self, topic: str, message: str | bytes, *, retain: bool = False) -> None:
        """Publish as a device would, and know that the broker has it."""
        publish.single(topic, message, qos=1, retain=retain, hostname=ADDRESS, port=self.port)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if shutil.which("mosquitto", path=PATH) is None:
        pytest.skip("no MQTT broker here: install the package mosquitto")
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()
