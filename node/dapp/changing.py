"""Changes of the settings that were asked for, and what came of them: what the pages show of both."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from node.changes import queue, record
from node.changes.record import Entry, Outcome
from node.changes.request import LASTING, Request
from node.changes.told import Trouble
from node.dapp import language
from node.dapp.form import called, plainly
from node.dapp.language import N_, ngettext
from node.dapp.language import gettext as _
from node.dotted import dotted
from store import snapshot
from store.errors import StoreError

log = structlog.get_logger(__name__)

SHOWN = 20

SLOW = 20.0
"""Seconds after which a change should have been made by now."""

ASKED = N_("Asked; it is made in a moment.")
NOBODY = N_(
    "Nobody has made it yet. On a host, the unit commonwatt-settings.path does: see commonwatt doctor. "
    "On a desk, run: commonwatt config apply."
)
EXPIRED = N_("Nobody made it within five minutes, so it is not made any more. Ask again.")
AGAIN = N_("Starting anew: %(units)s.")

BADGES = {
    Outcome.WRITING: ("planned", N_("being written")),
    Outcome.APPLIED: ("good", N_("in force")),
    Outcome.REFUSED: ("bad", N_("refused")),
    Outcome.CONFLICT: ("ended", N_("not done")),
}


VALUES = {
    "not given": N_("not given"),
    "none": N_("none"),
    "yes": N_("yes"),
    "no": N_("no"),
    "true": N_("yes"),
    "false": N_("no"),
    "comments": N_("comments"),
}
"""What is no value of its own."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One change, as the pages show it."""

    id: str
    said: tuple[str, ...]
    """What was to change."""

    by: str
    at: float
    """Unix seconds."""

    badge: str
    state: str
    text: str
    undoable: bool = False

    @property
    def waits(self) -> bool:
        """Whether an answer is still to come."""
        return self.badge == "planned"


def lines(waiting: Sequence[Request], answered: Sequence[Entry], now: float, boot: str) -> list[Line]:
    """Everything that was asked for, the newest first.

    Args:
        now: boottime seconds.
        boot: id of this boot.
    """
    known = {entry.id for entry in answered}
    last = next((entry.id for entry in answered if entry.outcome is Outcome.APPLIED), None)
    found = [_answered(entry, last) for entry in answered]
    found += [_waiting(asked, now, boot) for asked in waiting if asked.id not in known]
    return sorted(found, key=lambda line: line.at, reverse=True)


def seen(state: Path) -> list[Line]:
    """The same, from the files of this household."""
    answered: list[Entry] = []
    try:
        answered = record.latest(state, SHOWN)
    except (StoreError, sqlite3.Error) as error:
        log.info("changes_unread", error=str(error))
    return lines(queue.waiting(state), answered, snapshot.boottime(), snapshot.boot_id())[:SHOWN]


def tidy(state: Path) -> None:
    """Take requests away that were answered, or are too old to be."""
    with suppress(StoreError, sqlite3.Error):
        known = {entry.id for entry in record.latest(state, record.KEPT)}
        for asked in queue.waiting(state):
            if asked.id in known or asked.age(snapshot.boottime(), snapshot.boot_id()) > 10 * LASTING:
                queue.settle(state, asked.id)


def _waiting(asked: Request, now: float, boot: str) -> Line:
    age = asked.age(now, boot)
    text = _(ASKED if age < SLOW else NOBODY if age < LASTING else EXPIRED)
    return Line(
        id=asked.id,
        said=_wanted(asked),
        by=asked.by,
        at=asked.at,
        badge="planned" if age < LASTING else "ended",
        state=_("asked") if age < LASTING else _("expired"),
        text=text,
    )


def _wanted(asked: Request) -> tuple[str, ...]:
    if asked.undo is not None:
        return (_("Take the last change back"),)
    if asked.text is not None:
        return (_("Another text of the file"),)
    out = _("left out")
    return tuple(
        _named(f"{dotted(change.key)}: {out if change.value is None else change.value}")
        for change in asked.changes
    )


def _named(sentence: str) -> str:
    """What changes by the name of its field, where that has one."""
    key, colon, rest = sentence.partition(": ")
    if not colon:
        return _(VALUES.get(key, key))
    return _("%(name)s: %(why)s", name=called(key), why=" → ".join(map(_value, rest.split(" → "))))


def _value(text: str) -> str:
    """What a key said, or says now (`node.changes.judging`)."""
    if found := re.fullmatch(r"a list of (\d+)", text):
        return ngettext("a list of %(num)s", "a list of %(num)s", int(found[1]))
    return _(VALUES[text]) if text in VALUES else language.amount(text)


def _answered(entry: Entry, last: str | None) -> Line:
    badge, word = BADGES[entry.outcome]
    state = _(word)
    found = (plainly(Trouble(key, what)) for key, what in entry.problems)
    text = " ".join(
        _("%(name)s: %(why)s", name=each.key, why=each.what) if each.key else each.what for each in found
    )
    if entry.outcome is Outcome.APPLIED and entry.restart:
        badge, state, text = "planned", _("starting anew"), _(AGAIN, units=", ".join(entry.restart))
    said = tuple(map(_named, entry.said)) or (_("Another change"),)
    return Line(
        id=entry.id,
        said=(_("Taken back"), *said) if entry.undo else said,
        by=entry.by,
        at=entry.at,
        badge=badge,
        state=state,
        text=text,
        undoable=entry.id == last,
    )
