"""Attending to what the household's pages ask for: a thread that looks into their folder each second.

It gives the same instructions as the operator at the box, through relay.db, and so waits for nothing that the
safety loop needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import structlog

from chain.lookout import Lookout
from relay_server import asked, instructions
from relay_server.asked import Asked
from relay_server.errors import RelayError
from relay_server.instructions import Instruction
from relay_server.records import open_records
from store import snapshot
from store.requests import Lately
from store.snapshot import boottime

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds."""

REMEMBERED = 1_000
"""Ids held in memory; relay.db has those that matter."""

LET_GO = 0.2
"""Seconds that a stop waits for a look to end."""


class Attendant(Lookout):
    """What the pages of one household ask its relay for, done once or refused."""

    def __init__(
        self, records: Path, contacts: Collection[int], clock: Callable[[], float] = boottime
    ) -> None:
        """Prepare.

        Args:
            records: relay.db; the folder of requests is beside it.
            contacts: every one that is configured, home among them.
            clock: boottime seconds.
        """
        super().__init__(
            "attendant",
            every=LOOK_EVERY,
            let_go=LET_GO,
            complaint="what the pages ask for is not read",
            expected=(RelayError, OSError),
        )
        self._records, self._contacts, self._clock = records, contacts, clock
        self._folder = records.with_name(asked.FOLDER)
        self._known: set[str] | None = None
        self._lately = Lately(asked.PER_MINUTE)

    def look(self) -> None:
        """Once.

        Raises:
            RecordsMissing: relay.db cannot be used.
        """
        now = self._clock()
        for each in asked.waiting(self._folder):
            if each.age(now, snapshot.boot_id()) >= asked.LASTING:
                continue
            if self._known is None or len(self._known) > REMEMBERED:
                self._known = set(open_records(self._records).answers())
            if each.id in self._known or self._lately.too_many(now):
                continue
            self._answer(each)
            self._known.add(each.id)
            self._lately.done(now)

    def _answer(self, each: Asked) -> None:
        problem = asked.refusal(each, self._contacts)
        given = Instruction(what=instructions.What(each.what), contact=each.contact, reason=each.reason)
        instructions.answer(self._records, each.id, each.by, None if problem else given, problem)
        log.info(
            "asked by the pages", id=each.id, by=each.by, what=each.what.value, problem=problem or "none"
        )
