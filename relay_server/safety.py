"""The loop that holds every promise to the household, whatever network, chain and disk are doing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.daemon import sd_watchdog
from relay_server.chain_view import ChainView
from relay_server.switchboard import Switchboard
from store import registers
from store.registers import Register
from store.snapshot import boottime

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

log = structlog.get_logger()

TURN = 0.08
"""Seconds between turns of the safety loop at rest: 12.5 a second."""

MOVING_TURN = 0.005
"""Seconds while a contact is changing, so that the changeover is not longer than it must be."""

IN_TIME = 0.3
"""Seconds in which a turn has to be over: with the rest between two, a lease that ran out opens its contact
within half a second. Only such turns feed the watchdog: a loop that is always late is as bad as none."""

STOPPING = 2.0
"""Seconds for the contacts to come home at a stop; a daemon ends within 3 s of SIGTERM."""


class Safety:
    """Reads the meters and turns the switchboard, in a thread of its own; the watchdog is fed here alone."""

    def __init__(
        self,
        settings: RelaySettings,
        switchboard: Switchboard,
        chain: ChainView,
        registers_directory: Path,
        failed: Callable[[], None],
    ) -> None:
        """Prepare; `failed` is called when the loop cannot go on."""
        self._meters = {c.contact: c.meter for c in (*settings.feeds, *settings.ties)}
        self._switchboard = switchboard
        self._chain = chain
        self._directory = registers_directory
        self._failed = failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="safety", daemon=True)
        self._late = False
        self._in_hand = True
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Release every contact, and turn on until home is closed, for two seconds at most."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        deadline = boottime() + STOPPING
        try:
            self._switchboard.stop(boottime())
            while not self._switchboard.at_rest and boottime() < deadline:
                self._switchboard.turn(boottime(), self._read(), self._chain.view)
                time.sleep(MOVING_TURN)
        except Exception as error:
            log.exception("safety loop failed at the stop: the driver gives the pins back")
            self.failure = error

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                begun = boottime()
                moving = self._switchboard.turn(begun, self._read(), self._chain.view)
                self._judge(boottime() - begun)
                self._ended.wait(MOVING_TURN if moving else TURN)
        except Exception as error:
            self.failure = error
            try:  # the coils first: nothing else may go wrong before them, nor keep the process from ending
                self._switchboard.make_safe(boottime(), "the safety loop failed")
            finally:
                self._failed()
                log.exception("safety loop failed: every coil is released")

    def _judge(self, took: float) -> None:
        """Feed the watchdog, or say since when there is nothing to feed it for."""
        late, in_hand = took > IN_TIME, self._switchboard.in_hand
        if not late and in_hand:
            sd_watchdog()
        if late is not self._late:
            self._late = late
            if late:
                log.warning(
                    "safety loop late", took_s=round(took, 2), hint="a slow pin driver, or no processor"
                )
            else:
                log.info("safety loop in time again")
        if in_hand is not self._in_hand:
            self._in_hand = in_hand
            if in_hand:
                log.info("contacts in hand again")
            else:
                log.warning("contacts out of hand", hint="the pin driver hangs: the watchdog starts us anew")

    def _read(self) -> Mapping[int, Register | None]:
        return {contact: registers.read(self._directory, meter) for contact, meter in self._meters.items()}
