"""The board as a whole: samples and frames in, levels of two pins and answers out."""

from .charge import Charge
from .guard import Guard
from .paths import IDLE, PATHS, RECEIVE, SUPPLY, Paths
from .session import LARGEST_NUMBER, LONGEST_TIME, Refused, Session, printable, whole
from .settings import Settings

COMMANDS = (SUPPLY, RECEIVE, IDLE, "CLEAR")
"""What changes something, and needs the switch key."""

CLOCK = 0x3FFFFFFF
"""`time.ticks_ms()` counts through 30 bits on the board. Differences are taken in this ring."""

SAMPLE_AGE = 1_000
"""Milliseconds without a voltage after which the board is blind, and opens."""


class Node:
    """One board from its boot on.

    Whoever calls `turn` sets the pins to `outputs` before anything else: a path that a frame opens is open
    before the frame is answered.
    """

    def __init__(self, settings: Settings, now: int, boot: int) -> None:
        """Take over at boot, with both paths open.

        Args:
            now: `time.ticks_ms()`.
            boot: how often the board has been started.
        """
        self.paths = Paths(settings.dead_ms)
        self.guard = Guard(*settings.limits)
        self.charge = Charge(settings.capacity_mah, settings.curve)
        self.millivolts = -1
        """Of the whole battery; -1 while unknown."""
        self.milliamps: int | None = None
        self._settings = settings
        self._boot = boot
        self._then = now & CLOCK
        self._up = 0
        self._unseen = 0
        self._connections = 0
        self._commander = 0
        """The newest connection that has commanded; older ones command no more."""

    @property
    def outputs(self) -> tuple[bool, bool]:
        """The levels of the supply and the receive pin: high closes."""
        return self.paths.outputs

    def turn(
        self,
        now: int,
        millivolts: int | None,
        milliamps: int | None = None,
        supply: bool | None = None,
        receive: bool | None = None,
    ) -> None:
        """Let time pass, with what was measured since the last turn.

        Args:
            now: `time.ticks_ms()`.
            millivolts: of the battery; None when it could not be measured.
            milliamps: into the battery; None where no current is measured.
            supply: whether the supply path's auxiliary contact is closed; None where none is wired.
            receive: the same of the receive path.
        """
        elapsed = (now - self._then) & CLOCK
        self._then = now & CLOCK
        self._up = min(self._up + elapsed, LONGEST_TIME)
        self._measure(elapsed, millivolts, milliamps)
        if self._refusal(self.paths.wanted):
            self.paths.idle(self._refusal(self.paths.wanted).lower())
        self.paths.turn(elapsed, supply, receive)

    def session(self, random: bytes) -> Session:
        """A new connection's session.

        Args:
            random: 12 bytes from the hardware's generator.
        """
        self._connections += 1
        token = f"{self._boot & LARGEST_NUMBER:08x}{self._connections & LARGEST_NUMBER:08x}{random.hex()}"
        return Session(self._settings.keys, token, self._connections)

    def answer(self, session: Session, line: bytes) -> bytes:
        """What to say to one line (without its newline); what it asks for is done before this returns."""
        if not printable(line):
            return b"ERR FRAME\n"
        try:
            if line.startswith(b"HELLO "):
                return session.hello(line.decode().split(" "))
            number, words = session.opened(line)
        except Refused as refusal:
            return f"ERR {refusal}\n".encode()
        code = self._command(session, words)
        return session.sealed(number, f"NO {code}" if code else f"OK {self.status()}")

    def status(self) -> str:
        """The board at this moment, as it goes on the wire."""
        paths = self.paths
        amps = "-" if self.milliamps is None else str(self.milliamps)
        return (
            f"path={paths.path} wanted={paths.wanted} lease={paths.lease} why={paths.why} "
            f"fault={paths.fault or '-'} mv={self.millivolts} ma={amps} soc={self.charge.soc} "
            f"by={self.charge.by} up={self._up} boot={self._boot}"
        )

    def _measure(self, elapsed: int, millivolts: int | None, milliamps: int | None) -> None:
        if millivolts is None:
            self._unseen = min(self._unseen + elapsed, CLOCK)
            if self._unseen >= SAMPLE_AGE:
                self.millivolts = self.charge.soc = -1
                self.milliamps = None
            return
        self._unseen = 0
        self.millivolts, self.milliamps = millivolts, milliamps
        cell = millivolts // self._settings.cells
        fault = self.guard.turn(elapsed, cell)
        if fault:
            self.paths.latch(fault)
        self.charge.turn(elapsed, cell, milliamps)

    def _command(self, session: Session, words: list[str]) -> str:
        """Do what is asked for; answers why not, or nothing."""
        name = words[0]
        if len(words) != (2 if name in PATHS else 1):
            return "COMMAND"
        if name == "STATUS":
            return ""
        if name not in COMMANDS:
            return "COMMAND"
        if session.role != "switch":
            return "ROLE"
        if session.serial < self._commander:
            return "OLD"
        self._commander = session.serial
        return self._close(name, words[1]) if name in PATHS else self._open(name)

    def _close(self, path: str, until: str) -> str:
        end = whole(until, LONGEST_TIME)
        lease = 0 if end is None else end - self._up
        if not 0 < lease <= self._settings.lease_ms:
            return "LEASE"
        refusal = self._refusal(path)
        if not refusal:
            self.paths.ask(path, lease)
        return refusal

    def _open(self, name: str) -> str:
        if name == "CLEAR":
            self.paths.clear()
        else:
            self.paths.idle("asked")
        return ""

    def _refusal(self, path: str) -> str:
        """Why a path may not be closed now."""
        if path == IDLE:
            return ""
        if self.paths.fault:
            return "FAULT"
        if self.millivolts < 0:
            return "BLIND"
        if path == SUPPLY and self.guard.empty:
            return "EMPTY"
        if path == RECEIVE and self.guard.full:
            return "FULL"
        return ""
