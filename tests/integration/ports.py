"""Free TCP ports for what tests start, which nobody takes between their choice and their use."""

from __future__ import annotations

import itertools
import os
import random
import socket

FIRST, EACH = 10_000, 1_400
"""Each of up to sixteen workers has this many ports of its own, all of them below those that the system gives
to outgoing connections (from 32,768)."""


def _own() -> range:
    worker = int("".join(filter(str.isdecimal, os.environ.get("PYTEST_XDIST_WORKER", ""))) or 0) % 16
    return range(FIRST + worker * EACH, FIRST + (worker + 1) * EACH)


_ports = itertools.cycle(random.sample(_own(), EACH))


def free_port(host: str) -> int:
    """A port that nobody listens on at this address now, and that no other test is given meanwhile."""
    for port in itertools.islice(_ports, EACH):
        with socket.socket() as sock:
            try:
                sock.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port at {host}")
