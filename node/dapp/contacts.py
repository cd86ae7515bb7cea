"""The household's contacts as its page shows them, and what was asked of their relay: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.told import told as said
from node.dapp.words import capital
from relay_server.acts import HOME
from relay_server.asked import LASTING, Asked, What
from relay_server.wear import Wear, wear

if TYPE_CHECKING:
    from node.dapp.household import Household
    from node.dapp.neighbourhood import Relay
    from relay_server.messages import ContactState

BADGES = {N_("fault"): "bad", N_("locked out"): "ended", N_("closed"): "supplied", N_("open"): ""}

WAITS = N_("Asked; the relay does it within a second or two.")
NOBODY = N_(
    "The relay did not answer within a minute, so nothing was done. Does it run? See commonwatt doctor."
)

SLOW = 5.0
"""Seconds after which a relay that did not answer is worth a word."""

SLOWLY = N_("Asked; the relay has not answered yet. It does so as soon as it runs, within a minute.")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contact."""

    contact: int
    name: str
    about: str
    """What it is for."""

    state: str
    """In a word; empty: the relay does not tell."""

    badge: str
    why: str
    """Its fault, or why it is locked out."""

    since: float | None
    """Unix seconds: of the lock-out."""

    locked: bool
    wear: Wear | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """One request that is not done."""

    title: str
    by: str
    at: float
    """Unix seconds."""

    badge: str
    state: str
    text: str


def told(relay: Relay | None) -> Mapping[str, str]:
    """How each contact stands in a word, by its number, for live pages."""
    if relay is None:
        return {}
    if relay.problem:
        return {"problem": relay.problem}
    return {str(contact.contact): word(contact) for contact in relay.contacts}


def word(contact: ContactState) -> str:
    """How a contact stands: a fault counts before a lock-out, for it needs somebody."""
    if contact.fault:
        return "fault"
    if contact.locked is not None:
        return "locked out"
    return "closed" if contact.closed else "open"


def rows(
    house: Household,
    contacts: Sequence[ContactState],
    operations: Mapping[int, int],
    locks: Mapping[int, float],
) -> list[Row]:
    """Every contact of the configuration, home first, as the relay tells it.

    Args:
        contacts: what the relay says; empty: it does not.
        operations: how often each was moved.
        locks: since when each is locked out that is (Unix seconds).
    """
    stands = {each.contact: each for each in contacts}
    return [_row(house, used, stands.get(used.contact), locks) for used in wear(house.lives, operations)]


def name_of(house: Household, contact: int) -> tuple[str, str]:
    """What people call a contact, and what it is for."""
    if contact == HOME:
        return _("Home"), _("Connects this house to its own battery.")
    for tie in house.ties:
        if tie.contact == contact:
            by = capital(tie.neighbour) if tie.neighbour else _("a neighbour")
            about = _("Lets %(name)s supply this house.", name=by)
            return _("Tie %(contact)s", contact=contact), about
    return _("Feed %(contact)s", contact=contact), _("Lets this house supply a neighbour.")


def lines(
    house: Household, waiting: Sequence[Asked], answers: Mapping[str, str], now: float, boot: str
) -> list[Line]:
    """What was asked for and is not done: it waits, was refused, or nobody answered. The newest first.

    Args:
        answers: why each was not done that was answered, empty where it was; by id.
        now: boottime seconds.
        boot: id of this boot.
    """
    found = []
    for asked in waiting:
        age, problem = asked.age(now, boot), answers.get(asked.id)
        if problem == "":
            continue
        if problem:
            badge, state, text = "bad", _("refused"), f"{capital(said(problem))}."
        elif age >= LASTING:
            badge, state, text = "ended", _("expired"), _(NOBODY)
        else:
            badge, state, text = "planned", _("asked"), _(WAITS if age < SLOW else SLOWLY)
        found.append(
            Line(title=title(house, asked), by=asked.by, at=asked.at, badge=badge, state=state, text=text)
        )
    return found[::-1]


def title(house: Household, asked: Asked) -> str:
    """What was asked for, in a few words."""
    if asked.what is What.HOME:
        return _("Everything home: %(reason)s", reason=asked.reason)
    name = name_of(house, asked.contact)[0]
    return _("Lock out %(name)s: %(reason)s", name=name, reason=asked.reason)


def _row(house: Household, used: Wear, stands: ContactState | None, locks: Mapping[int, float]) -> Row:
    name, about = name_of(house, used.contact)
    state = "" if stands is None else word(stands)
    locked = stands is not None and stands.locked is not None
    why = "" if stands is None else " ".join(each for each in (stands.fault, stands.locked) if each)
    return Row(
        contact=used.contact,
        name=name,
        about=about,
        state=_(state) if state else "",
        badge=BADGES.get(state, ""),
        why=why,
        since=locks.get(used.contact) if locked else None,
        locked=locked,
        wear=used,
    )
