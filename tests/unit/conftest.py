"""Unit tests open no socket: what does so is an integration test."""

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every socket, also the Unix socket of a service manager that runs the tests."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    disable_socket(allow_unix_socket=False)
