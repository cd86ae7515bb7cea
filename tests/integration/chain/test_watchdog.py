from __future__ import annotations

import socket
from pathlib import Path
from threading import Thread

import pytest

from chain import daemon


def test_a_supervisor_that_does_not_read_holds_up_no_beat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay's safety loop tells it at each turn."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def beats() -> None:
            for _ in range(2_000):
                daemon.sd_watchdog()

        telling = Thread(target=beats, daemon=True)
        telling.start()
        telling.join(3)
        assert not telling.is_alive()
