"""One request after the other, each at most once, whenever this is killed.

A request is written down (`node.changes.record`) before the family's file is replaced, and marked as done
afterwards. Who finds one that was begun looks at the file: it says what was meant, then it was done; it says
what it said before, then it was not, and is not done any more, for nobody waits for it now.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chain.errors import Misconfigured
from chain.files import sync_folder
from node.changes import queue
from node.changes.judging import Accepted, Refused, Undoable, hash_of, judge
from node.changes.keys import UNITS
from node.changes.places import FILE
from node.changes.record import Record, Writing
from node.changes.request import Request
from quantities.said import Said
from store import snapshot
from store.claim import Claim

PURPOSE = "apply changes of settings from"

INTERRUPTED = Said("It was interrupted before anything was written, so it was not done. Ask again.")
OVERTAKEN = Said(
    "The file was changed at the box while this was applied: look at it, and ask again if it is missing."
)

Restart = Callable[[Sequence[str]], Sequence[str]]
"""Starts processes anew; answers those that still have to be."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What came of a request."""

    id: str
    by: str
    outcome: str
    said: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


def apply_all(files: Sequence[Path], state: Path, restart: Restart) -> list[Applied]:
    """Finish what was begun, then do what is asked for, until nothing is.

    Args:
        files: of the configuration; the last is the family's.
        state: the household's state folder.

    Raises:
        Misconfigured: the family's file is not there.
        StoreError: another process does this now, or the record cannot be written.
    """
    if not files[-1].is_file():
        raise Misconfigured(f"there is no {files[-1]}, so nothing can be changed in it: make an empty file")
    record = Record(state)
    try:
        with Claim((state / FILE).resolve().with_name("settings.lock"), PURPOSE):
            _recover(record, files[-1])
            done: list[Applied] = []
            while more := [asked for asked in queue.waiting(state) if not record.knows(asked.id)]:
                done += [_apply(asked, files, record) for asked in more]
            _start(record, restart)
            record.prune(time.time())
            return done
    finally:
        record.close()


def _apply(asked: Request, files: Sequence[Path], record: Record) -> Applied:
    last = record.last()
    undoable = None if last is None else Undoable(id=last.id, former=last.former, written=last.written)
    verdict = judge(asked, files, undoable, snapshot.boottime(), snapshot.boot_id())
    match verdict:
        case Refused():
            problems = [(found.key, found.what) for found in verdict.problems]
            record.refuse(asked, time.time(), problems, conflict=verdict.conflict)
            said = tuple(f"{key}: {what}" if key else what for key, what in problems)
            outcome = "conflict" if verdict.conflict else "refused"
            return Applied(id=asked.id, by=asked.by, outcome=outcome, problems=said)
        case Accepted():
            record.begin(
                asked, time.time(), said=verdict.said, former=verdict.former, written=verdict.written,
                units=verdict.units,
            )  # fmt: skip
            if files[-1].read_bytes() != verdict.former:
                record.give_up(asked.id, OVERTAKEN, conflict=True)
                return Applied(id=asked.id, by=asked.by, outcome="conflict", problems=(OVERTAKEN,))
            replace_like(files[-1], verdict.written)
            record.finish(asked.id)
            return Applied(
                id=asked.id, by=asked.by, outcome="applied", said=verdict.said, restart=verdict.units
            )


def _recover(record: Record, own: Path) -> None:
    """Find out what became of what was begun."""
    now = hash_of(own.read_bytes())
    for writing in record.begun():
        if now == hash_of(writing.written):
            record.finish(writing.id)
        elif now == hash_of(writing.former):
            record.give_up(writing.id, INTERRUPTED, conflict=False)
        else:
            record.give_up(writing.id, OVERTAKEN, conflict=True)


def _start(record: Record, restart: Restart) -> None:
    """Start anew what the changes concern: all of them once."""
    waiting = record.unstarted()
    units = _united(waiting)
    if units and not restart(units):
        for writing in waiting:
            record.started(writing.id)


def _united(waiting: Sequence[Writing]) -> tuple[str, ...]:
    wanted = {unit for writing in waiting for unit in writing.restart}
    return tuple(unit for unit in UNITS if unit in wanted)


def replace_like(path: Path, content: bytes) -> None:
    """Replace a file whole, with the mode and group that it has; a power cut leaves the old or the new one.

    Raises:
        OSError: its folder cannot be written, or the group not be given.
    """
    path = path.resolve()
    now = path.stat()
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        facts = os.fstat(descriptor)
        if (facts.st_uid, facts.st_gid) != (now.st_uid, now.st_gid):
            os.fchown(descriptor, -1 if facts.st_uid == now.st_uid else now.st_uid, now.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(now.st_mode))
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync_folder(path.parent)
