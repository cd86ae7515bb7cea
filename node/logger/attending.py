"""Attending to what the pages ask of the buses: a thread that looks into their folder each second.

What is asked is done by a process of its own (`node.logger.answering`), one at a time, which is ended when
it takes too long or when the logger stops. So this process stays as small as it is, and reads its meters on.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chain import lines
from chain.lookout import Lookout
from node.sensors.asked import FOLDER, LASTING, PER_MINUTE, Asked, waiting
from store import snapshot
from store.requests import Lately
from store.snapshot import boottime

if TYPE_CHECKING:
    from subprocess import Popen

    from node.sensors.used import Driven

LOOK_EVERY = 1.0
"""Seconds."""

LET_GO = 0.0
"""Seconds that a stop waits: whoever ends the logger waits for all of its threads together."""

LONGEST = 120.0
"""Seconds for one request: a port is listened to for 2.5 s, a driver may take 12 s for a sample."""

REMEMBERED = 1_000
"""Ids."""

HUNG = "It took too long and was ended: is something wrong with the bus? The logger goes on."
BROKE = "It broke off, which is a fault of this program; why is in the log of the logger."

Do = Callable[[Asked], None]


class Attendant(Lookout):
    """What the pages of one household ask for, done once or not at all."""

    def __init__(
        self,
        run: Path,
        state: Path,
        users: Mapping[str, Driven],
        *,
        do: Do | None = None,
        clock: Callable[[], float] = boottime,
    ) -> None:
        """Prepare; `start` begins to look.

        Args:
            run: where answers are published.
            state: where the folder of requests is.
            users: of buses and ports, by name.
            do: does a request; by a process of its own if not given.
            clock: boottime seconds.
        """
        super().__init__(
            "devices", every=LOOK_EVERY, let_go=LET_GO, complaint="not_attended", expected=(OSError,)
        )
        self._folder, self._state, self._users = run, state, users
        self._do, self._clock = do or self._in_a_process, clock
        self._known: deque[str] = deque(maxlen=REMEMBERED)
        self._lately = Lately(PER_MINUTE)

    def look(self) -> None:
        """Once: do what is asked, the oldest first."""
        if not (self._state / FOLDER).is_dir():
            return
        for each in waiting(self._state):
            now = self._clock()
            if each.id in self._known or each.age(now, snapshot.boot_id()) >= LASTING:
                continue
            if self._over.is_set() or self._lately.too_many(now):
                return
            self._known.append(each.id)
            self._lately.done(now)
            lines.info("asked_by_the_pages", what=each.what.value, by=each.by, id=each.id)
            self._do(each)

    def _in_a_process(self, asked: Asked) -> None:
        """Have it done, and wait: for its end, for ours, or until it has taken too long."""
        import subprocess  # noqa: PLC0415 - most days nobody asks for anything

        from node.logger import answering  # noqa: PLC0415
        from node.sensors.used import used  # noqa: PLC0415

        job = answering.Job(
            id=asked.id,
            what=asked.what,
            options=answering.read_options(asked.options),
            written=asked.options,
            used=used(self._users),
            run=self._folder,
        )
        child = subprocess.Popen(
            [sys.executable, "-m", "node.logger.answering"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            assert child.stdin is not None  # noqa: S101 - it is a pipe, for a type checker
            with child.stdin:
                child.stdin.write(answering.dumps(job))
            problem = self._watched(child)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        if problem:
            self._tell(asked, problem)

    def _watched(self, child: Popen[bytes]) -> str:
        """Wait for it; what went wrong, if anything did."""
        until = time.monotonic() + LONGEST
        while child.poll() is None:
            if self._over.wait(0.1):
                return ""
            if time.monotonic() > until:
                return HUNG
        return BROKE if child.returncode else ""

    def _tell(self, asked: Asked, problem: str) -> None:
        from node.sensors import answers  # noqa: PLC0415

        lines.warning("not_answered", id=asked.id, reason=problem)
        answer = answers.Answer(
            id=asked.id, state=answers.State.FAILED, options=asked.options, reason=problem, share=100
        )
        answers.write(self._folder, asked.what, answer)
