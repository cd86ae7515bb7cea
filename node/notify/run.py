"""`commonwatt notify run`: look every few seconds, tell what lasts, until stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.daemon import Stop, run_every, sd_ready
from node import hours
from node.alerts import Alert, Severity, gather, judge
from node.channel import PAGES, Channel, may_ask
from node.dapp.household import Household
from node.dapp.sources import observe
from node.local_time import zone
from node.notify import memory
from node.notify.allowed import leads_home
from node.notify.desk import SOCKET, Desk
from node.notify.everybody import Everybody, Telling
from node.notify.following import Kind, after, due, follow
from node.notify.people import People
from node.notify.wording import text, title
from store.errors import StoreError
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.notify.settings import NotificationsSettings

log = structlog.get_logger(__name__)

EVERY = 5.0
"""Seconds between two looks."""

TURN = 0.5
"""Seconds for which a question of the pages is waited for at a time."""

AGAIN = (60.0, 3_600.0)
"""Seconds to wait after nobody could be told: at first, and at most. Nothing is lost, it is told later."""


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
        self._file = (house.state / memory.FILE).resolve()  # replaced whole: a link to it stays
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


def run(
    settings: NotificationsSettings,
    house: Household,
    outlook: Callable[[], str],
    others: Callable[[], tuple[str, ...]],
    stop: Stop,
) -> int:
    """Tell people until stopped.

    Args:
        settings: who is told, and when.
        house: whose alerts these are.
        outlook: whether the tokens last, as a sentence; must not wait.
        others: the households that follow another chain; must not wait.
        stop: ends it.

    Raises:
        Misconfigured: the configuration's file names nobody. ChainError: it cannot be read.
    """
    everybody = everybody_of(settings.addresses, house.state)
    notifier = Notifier(house, everybody, night(settings, house.time_zone), settings.least)
    desk = Desk(everybody.people, Trying(house.title), everybody.elsewhere)
    if not everybody.anybody:
        log.info("nobody_is_told", do="add somebody on the pages (Settings, Notifications)")

    def look() -> None:
        now, booted = time.time(), boottime()
        facts = gather(house, observe(house, now, booted), booted, outlook(), others())
        if everybody.anybody:
            notifier.look(judge(house, facts), now, booted)

    with Channel(house.run / SOCKET, lambda user: may_ask(house.state / PAGES, user)) as channel:
        over = threading.Event()
        asked = threading.Thread(target=lambda: _answer(channel, desk, over), name="desk", daemon=True)
        asked.start()
        sd_ready()
        run_every(EVERY, look, stop)
        over.set()
        asked.join(2 * TURN)
    return 0


class Trying:
    """Tries an address out, in the household's name."""

    def __init__(self, house: str) -> None:
        """Take the household's name, as people write it."""
        self._house = house

    def understands(self, address: str) -> bool:
        """Whether it is one of a service's."""
        from node.notify import services  # noqa: PLC0415

        return services.understands(address)

    def try_out(self, address: str) -> bool:
        """Send a test to it; whether it was taken."""
        from node.notify import services  # noqa: PLC0415

        return not leads_home(address) and services.send(address, *trial(self._house), False)


def trial(house: str) -> tuple[str, str]:
    """Title and text of a message that only tries the way.

    Args:
        house: the household's name as people write it.
    """
    return f"{house}: a test", f"{house} can tell you when something is wrong. There is nothing to do."


def _answer(channel: Channel, desk: Desk, over: threading.Event) -> None:
    """Answer the pages until it is over."""
    while not over.is_set():
        try:
            channel.turn(desk.answer, TURN)
        except OSError as error:  # the socket itself: the next turn may do better, and telling goes on
            log.warning("pages_not_answered", error=str(error))
            over.wait(TURN)


def everybody_of(addresses: Path | None, state: Path) -> Everybody:
    """Who is told: in the configuration's file, and by the pages.

    Raises:
        Misconfigured: the configuration's file names nobody. ChainError: it cannot be read.
    """
    from node.notify import services  # noqa: PLC0415 - Apprise is loaded by who tells somebody

    named = None if addresses is None else services.read(addresses)
    return Everybody(named, People(state), services.send)
