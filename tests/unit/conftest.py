"""Unit tests open no socket: what does so is an integration test."""

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Refuse every network socket (Unix sockets too)."""
    disable_socket(allow_unix_socket=False)
