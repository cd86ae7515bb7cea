"""Where relays listen."""

from __future__ import annotations

PORT = 15_555
"""Of the relay protocol, as in the first DAISEE prototype."""


def split_address(address: str) -> tuple[str, int]:
    """Read `host:port`, with brackets around an IPv6 host.

    Raises:
        ValueError: no host, or a port that is none.
    """
    host, separator, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"write an address and a port, as in '10.0.0.2:{PORT}', not {address!r}")
    return host, int(port)
