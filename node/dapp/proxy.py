"""Who asks, where a proxy on this host passes requests on: its word for the address is taken, nobody else's.

Wrong tries are counted by address. Behind a proxy all would come from one: five wrong passwords of anybody
would keep the whole home out. A header from elsewhere would let whoever guesses passwords pick his address.
"""

from __future__ import annotations

import ipaddress


def client(peer: str, told: str) -> str:
    """The address of who asks.

    Args:
        peer: where the connection comes from.
        told: the header X-Forwarded-For, to which every proxy adds whom it answers. Only the last entry is
            our own proxy's; what stands before it came from outside.
    """
    last = _address(told.rpartition(",")[2].strip())
    here = _address(peer)
    return str(last) if here is not None and here.is_loopback and last is not None else peer


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
