"""Endpoints as people write them: `host:port`, with brackets around an IPv6 host."""

from __future__ import annotations

import re
from collections.abc import Callable

from quantities.said import Said

ENDPOINT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>[0-9]{1,5})\Z")


def host_and_port(endpoint: str, example: str = "10.0.0.2:30303") -> tuple[str, int]:
    """Read an endpoint; an IPv6 host loses its brackets.

    Args:
        example: one that would be right, for whoever reads the error.

    Raises:
        ValueError: no host, no port, or more than these two.
    """
    if "//" in endpoint:
        raise ValueError(Said("write an address and a port, without http://: %(like)s", like=repr(example)))
    match = ENDPOINT.match(endpoint)
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise ValueError(Said("write an address and a port: %(like)s", like=repr(example)))
    return match["v6"] or match["host"], int(match["port"])


def checked(example: str) -> Callable[[str], str]:
    """A check for a setting: the endpoint as it was written, if it is one."""

    def check(endpoint: str) -> str:
        host_and_port(endpoint, example)
        return endpoint

    return check
