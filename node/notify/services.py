"""The services that carry a message, by Apprise: https://github.com/caronc/apprise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apprise import Apprise, NotifyType

from chain.daemon import sd_watchdog
from chain.errors import Misconfigured
from chain.private import read_private
from node.notify.allowed import shown

if TYPE_CHECKING:
    from apprise import NotifyBase


class Services:
    """Everybody who is told."""

    def __init__(self, addresses: Iterable[tuple[int, str]], file: Path) -> None:
        """Understand the addresses; nothing is asked yet.

        Raises:
            Misconfigured: one is not an address that Apprise knows, or there is none. Its line is named and
                not its text, which may hold a password.
        """
        self._services: list[NotifyBase] = []
        for number, address in addresses:
            service = Apprise.instantiate(address)
            if service is None:
                raise Misconfigured(
                    f"{file}, line {number}: not an address that can be told; write one as "
                    "ntfy://ntfy.sh/our-house (the kinds are listed at https://github.com/caronc/apprise/wiki)"
                )
            self._services.append(service)
        if not self._services:
            raise Misconfigured(f"{file} names nobody: write one address a line, as ntfy://ntfy.sh/our-house")

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self._services)

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        """Send to everybody; takes some seconds where one does not answer.

        Returns:
            Each service without its secrets, and whether it took the message.
        """
        kind = NotifyType.FAILURE if urgent else NotifyType.INFO
        return [(_named(service), _sent(service, title, text, kind)) for service in self._services]


def understands(address: str) -> bool:
    """Whether Apprise knows what it means, and reads the host in it that `allowed` has looked at.

    Nothing is asked, and nothing of it is logged.
    """
    service = Apprise.instantiate(address)
    host = (urlsplit(address).hostname or "").lower()
    return service is not None and str(getattr(service, "host", "") or "").strip("[]").lower() in ("", host)


def send(address: str, title: str, text: str, urgent: bool) -> bool:
    """Send to one address; whether it took the message."""
    service = Apprise.instantiate(address)
    kind = NotifyType.FAILURE if urgent else NotifyType.INFO
    return service is not None and _sent(service, title, text, kind)


def read(file: Path) -> Services:
    """The services that a file names, one a line; empty lines and those that begin with # are left out.

    Raises:
        KeyRefused: the file is not there, or others may read it.
        Misconfigured: see `Services`.
    """
    lines = enumerate(read_private(file).decode(errors="replace").splitlines(), 1)
    stripped = ((number, line.strip()) for number, line in lines)
    return Services([(number, line) for number, line in stripped if line and not line.startswith("#")], file)


def _sent(service: NotifyBase, title: str, text: str, kind: NotifyType) -> bool:
    """Twenty who do not answer take minutes, which is no hang: systemd's watchdog is told before each."""
    sd_watchdog()
    return bool(service.notify(title=title, body=text, notify_type=kind))


def _named(service: NotifyBase) -> str:
    """Its address without what is secret: of ntfy the topic is, which Apprise itself would show."""
    return shown(str(service.url()))  # type: ignore[no-untyped-call]  # Apprise has no types here
