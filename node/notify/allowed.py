"""Whom the pages may have told: a closed set of services, at no address of this host.

An address is a password: whoever has it can write to somebody, and some of it (a topic that nobody guesses)
is in what others would call the path. So what is shown of one is its service, and its host where that is
none. Pure but for `resolved`.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, urlsplit

AT_HOSTS = frozenset(
    {"ntfy", "ntfys", "gotify", "gotifys", "matrix", "matrixs", "mailto", "mailtos", "signal", "signals"}
)
"""Services of which an address names the host: somebody's own, perhaps."""

AT_ONE_PLACE = frozenset({"discord", "pover", "slack", "tgram"})
"""Services that are at one place: what stands where a host would is a secret."""

OPTIONS = frozenset({"from", "mode", "name", "priority", "smtp", "to"})
"""What may stand behind the question mark. `smtp` names a host."""

EXAMPLE = "ntfy://ntfy.sh/our-house"

NONE = f"This is no address: write one such as {EXAMPLE}."

LONGEST = 300
"""Characters."""

WRITTEN = re.compile(r"[\x21-\x7e]+")

PLACE = re.compile(r"([^@/\\\[\]]{1,200}@)?([\w.-]{1,200}|\[[0-9a-fA-F:.]{2,45}\])?(:\d{1,5})?")
"""User and password, host and port: written so that everybody reads the same host in it."""

NUMERIC = re.compile(r"(0x[0-9a-f]*|\d+)", re.IGNORECASE)
"""A host's last label that makes an address of it, however it is written (inet_aton(3))."""

KNOWN = ", ".join(sorted(AT_HOSTS | AT_ONE_PLACE))

Resolve = Callable[[str], Sequence[str]]


def refusal(address: str) -> str:
    """Why nobody is told at this address from a page, as a sentence; empty: he may be.

    The sentence holds nothing of the address.
    """
    if not WRITTEN.fullmatch(address) or len(address) > LONGEST:
        return f"Write one address without spaces, such as {EXAMPLE}: {LONGEST} characters at most."
    try:
        parts = urlsplit(address)
        host, options = parts.hostname or "", parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return NONE
    if parts.scheme in AT_HOSTS and not PLACE.fullmatch(parts.netloc):
        return NONE
    if parts.scheme not in AT_HOSTS | AT_ONE_PLACE:
        return f"Write one of these services: {KNOWN}. Others are written into the file, at the box."
    if strange := sorted({name for name, _ in options} - OPTIONS):
        return f"These options are written into the file, at the box: {', '.join(strange)[:80]}."
    hosts = [value for name, value in options if name == "smtp"]
    if parts.scheme in AT_HOSTS:
        hosts.append(host)
    return next(filter(None, map(_host, hosts)), "")


def _host(host: str) -> str:
    name = host.rstrip(".").lower()
    if not name:
        return f"The host is missing: write it behind the service, as in {EXAMPLE}."
    try:
        return OURS if is_ours(name) else ""
    except ValueError:
        pass
    if NUMERIC.fullmatch(name.rpartition(".")[2]) or ":" in name:
        return "Write the host by its name, or as four numbers with points."
    return OURS if name == "localhost" or name.endswith(".localhost") else ""


OURS = "Nobody is told at this host itself, nor at an address that is no host's."


def is_ours(address: str) -> bool:
    """Whether an IP address leads to this host, or to no one host.

    Raises:
        ValueError: it is none.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    each = mapped or found
    return (
        each.is_loopback or each.is_link_local or each.is_multicast or each.is_unspecified or each.is_reserved
    )


def resolved(host: str) -> Sequence[str]:
    """The addresses of a host; none: nobody knows it."""
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def leads_home(address: str, resolve: Resolve = resolved) -> bool:
    """Whether a host's name means this host, whatever it is called: looked at before each message."""
    parts = urlsplit(address)
    hosts = [value for name, value in parse_qsl(parts.query) if name == "smtp"]
    if parts.scheme in AT_HOSTS and parts.hostname:
        hosts.append(parts.hostname)
    return any(is_ours(each) for host in hosts for each in resolve(host))


def shown(address: str) -> str:
    """What everybody may see of an address."""
    parts = urlsplit(address)
    topic_alone = parts.scheme in {"ntfy", "ntfys"} and not parts.path.strip("/")
    host = parts.hostname if parts.scheme in AT_HOSTS and not topic_alone else ""
    return f"{parts.scheme}://{host}…"
