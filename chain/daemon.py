"""What every daemon shares: its log lines, how it stops, its beat, and what systemd hears of it."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any, Protocol

from chain.errors import Misconfigured, StartRefused, Unavailable
from chain.held_back import held_back

__all__ = [
    "Misconfigured",
    "StartRefused",
    "Stop",
    "Stopping",
    "Unavailable",
    "configure_logs",
    "main",
    "run_every",
    "sd_notify",
    "sd_ready",
    "sd_watchdog",
]


class Stopping(Protocol):
    """Something that ends a loop."""

    def is_set(self) -> bool:
        """Whether the loop is to end."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; True as soon as the loop is to end."""
        ...


class Stop:
    """The wish to end, set once by SIGTERM or SIGINT or by another thread.

    It is a kernel event and not a threading.Event: setting that one inside a signal handler deadlocks when
    the signal arrives while the main thread holds the event's lock. It can also be waited for with sockets.
    """

    def __init__(self) -> None:
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._set = False

    def on_signals(self, *signals: signal.Signals) -> Stop:
        """Let signals (SIGTERM and SIGINT, if none is named) end the daemon. Main thread only."""
        for each in signals or (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._signalled)
        return self

    def set(self) -> None:
        """End every loop that waits for this."""
        self._set = True
        os.eventfd_write(self._event, 1)

    def is_set(self) -> bool:
        """Whether the daemon is to end."""
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds (for ever, if None); True as soon as the daemon is to end."""
        if self._set:
            return True
        poll = select.poll()
        poll.register(self._event, select.POLLIN)
        poll.poll(None if timeout is None else max(timeout, 0) * 1_000)
        return self._set

    def fileno(self) -> int:
        """For select and selectors: readable once the daemon is to end."""
        return self._event

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.set()


def run_every(
    period: float,
    step: Callable[[], object],
    stop: Stopping,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call `step` at once and then every `period` seconds of the monotonic clock, until stopped.

    The beat stays on its grid; beats that a slow step missed are left out, never made up for in a burst.
    Each beat tells systemd's watchdog that the daemon lives. What `step` raises ends the daemon.
    """
    due = clock()
    while not stop.is_set():
        step()
        sd_watchdog()
        now = clock()
        due += period * max(1, -int((due - now) // period))
        if stop.wait(max(due - now, 0)):
            return


def configure_logs(level: str = "info") -> None:
    """Log one event a line to stderr, as `timestamp=… level=… event=… key=value`."""
    structlog = _structlog()
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(threshold, logging.WARNING),
        stream=sys.stderr,
        format='level=%(levelname)s event="%(message)s" logger=%(name)s',
        force=True,
    )


def _structlog() -> Any:
    """The library, without what it only would load for others: 10 MB of 13 in each of a household's daemons.

    It takes rich, where that is installed, for tracebacks in colours, and asyncio for loggers that are
    awaited. Whoever needs these imports them.
    """
    with held_back({"rich": None, "asyncio": _Later("asyncio")}):
        import structlog  # noqa: PLC0415

    return structlog


class _Later(ModuleType):
    """A module that is imported when something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def main(run: Callable[[], int | None]) -> int:
    """Run a daemon; answer a refused start with one line on stderr and its exit code.

    Returns:
        What `run` returned (None counts as 0); 78 if the configuration is wrong, 69 if something is missing.
    """
    try:
        return run() or 0
    except StartRefused as refusal:
        print("commonwatt:", " ".join(str(refusal).split()), file=sys.stderr)
        return refusal.exit_code


def sd_notify(state: str, *, wait: bool = True) -> None:
    """Tell systemd something about this service; nothing happens where no systemd listens (sd_notify(3)).

    Args:
        wait: until it takes it; else it is not told while it is busy.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(wait)
        try:
            sock.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return  # A daemon does not fail because its supervisor does not listen.


def sd_ready() -> None:
    """The daemon serves."""
    sd_notify("READY=1")


def sd_watchdog() -> None:
    """The daemon lives: to be said within WatchdogSec of its unit."""
    sd_notify("WATCHDOG=1", wait=False)
