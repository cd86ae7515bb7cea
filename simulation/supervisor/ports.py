"""Whether the addresses that the neighbourhood needs are free, before anything starts."""

from __future__ import annotations

import socket
from collections.abc import Iterable


def taken(endpoints: Iterable[tuple[str, int]]) -> list[str]:
    """Those "host:port" on which nothing can listen, each with the reason."""
    found = []
    for host, port in endpoints:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                found.append(f"{host}:{port} ({error.strerror})")
    return found
