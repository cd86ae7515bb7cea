"""`commonwatt notify run`: look every few seconds, tell what lasts, until stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from chain.daemon import Misconfigured, Stop, run_every, sd_ready
from node import hours
from node.alerts import Alert, Severity, gather, judge
from node.dapp.household import Household
from node.dapp.sources import observe
from node.local_time import zone
from node.notify import memory
from node.notify.following import Kind, after, due, follow
from node.notify.wording import text, title
from store.errors import StoreError
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.notify.settings import NotificationsSettings

log = structlog.get_logger(__name__)

EVERY = 5.0
"""Seconds between two looks."""

AGAIN = (60.0, 3_600.0)
"""Seconds to wait after nobody could be told: at first, and at most. Nothing is lost, it is told later."""


class Telling(Protocol):
    """Whoever carries a message: `node.notify.services.Services`."""

    def tell(self, title: str, text: str, *, urgent: bool) -> list[tuple[str, bool]]:
        """Send to everybody: each, and whether it took the message."""
        ...


class Notifier:
    """Follows one household's alerts and tells people."""

    def __init__(
        self,
        house: Household,
        services: Telling,
        quiet: Callable[[float], bool],
        least: Severity = Severity.WARNING,
    ) -> None:
        """Read what was told before.

        Args:
            house: whose alerts these are.
            services: who carries messages.
            quiet: whether at this Unix second only what is critical is told.
            least: nothing below it is told.
        """
        self._house, self._services, self._quiet, self._least = house, services, quiet, least
        self._file = house.state / memory.FILE
        self._troubles = memory.read(self._file)
        self._wait, self._not_before = AGAIN[0], float("-inf")

    def look(self, alerts: tuple[Alert, ...], now: float, clock: float) -> None:
        """Follow what is wrong now, and tell what is due.

        Args:
            alerts: all that is wrong.
            now: Unix seconds, for people.
            clock: monotonic seconds, for waiting.
        """
        self._troubles = follow(self._troubles, alerts, now)
        messages = due(self._troubles, now, self._least, quiet=self._quiet(now))
        if not messages or clock < self._not_before:
            return
        urgent = any(
            m.trouble.alert.severity is Severity.CRITICAL and m.kind is not Kind.OVER for m in messages
        )
        told = self._services.tell(title(self._house.title, messages), text(messages, now), urgent=urgent)
        for service, took in told:
            if not took:
                log.warning("not_told", service=service)
        if not any(took for _, took in told):
            self._not_before, self._wait = clock + self._wait, min(2 * self._wait, AGAIN[1])
            return
        self._wait = AGAIN[0]
        log.info("told", alerts=[m.trouble.alert.key for m in messages])
        self._troubles = after(self._troubles, messages, now)
        try:
            memory.write(self._file, self._troubles)
        except StoreError as error:
            log.warning("not_remembered", error=str(error))


def night(settings: NotificationsSettings, time_zone: str | None) -> Callable[[float], bool]:
    """Whether it is quiet, by the configuration and the household's clock."""

    def quiet(now: float) -> bool:
        if settings.quiet_after is None:
            return False
        local = datetime.fromtimestamp(now, zone(time_zone))
        return (
            hours.began(settings.quiet_after, settings.quiet_before, local.hour * 60 + local.minute)
            is not None
        )

    return quiet


def run(settings: NotificationsSettings, house: Household, outlook: Callable[[], str], stop: Stop) -> int:
    """Tell people until stopped.

    Args:
        settings: who is told, and when.
        house: whose alerts these are.
        outlook: whether the tokens last, as a sentence; must not wait.
        stop: ends it.

    Raises:
        Misconfigured: nobody is named in the configuration. ChainError: the addresses cannot be read.
    """
    notifier = Notifier(house, services(settings.addresses), night(settings, house.time_zone), settings.least)
    sd_ready()

    def look() -> None:
        now, booted = time.time(), boottime()
        facts = gather(house, observe(house, now, booted), booted, outlook())
        notifier.look(judge(house, facts), now, booted)

    run_every(EVERY, look, stop)
    return 0


def services(addresses: Path | None) -> Telling:
    """Who carries messages.

    Raises:
        Misconfigured: nobody is named. ChainError: the file cannot be read.
    """
    if addresses is None:
        raise Misconfigured(
            "notifications.addresses is not set: write the path of a file with one Apprise address a line"
        )
    from node.notify.services import read  # noqa: PLC0415 - Apprise is loaded by who tells somebody

    return read(addresses)
