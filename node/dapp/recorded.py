"""What this household's relay wrote down while a trade went on: its contacts' own account of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from node.client_interaction.trade import Side, Step, Trade
from node.dapp import words
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.told import told
from relay_server.acts import HOME
from relay_server.audit import Entry, Written

BEFORE, AFTER = 2.0, 15.0
"""Seconds around a trade's timeline: contacts move before the trader notes it, and may be slow after."""

MOST = 200
"""Entries looked at for one trade."""

EVENTS = {
    "feed closed": N_("Feed %(contact)s closed"),
    "feed open": N_("Feed %(contact)s opened"),
    "feed ending": N_("Feed %(contact)s is about to open: the seller ends it"),
    "feed rolled over": N_("Feed %(contact)s goes on under the next order"),
    "order given back": N_("The seller gives the order back"),
    "order settled": N_("The market has settled the order"),
    "leaving home": N_("Leaving home for tie %(contact)s"),
    "tie closed": N_("Tie %(contact)s closed"),
    "going home": N_("Going home from tie %(contact)s"),
    "home": N_("Home"),
    "fault": N_("Fault at %(name)s"),
    "fault cleared": N_("%(name)s is in service again"),
    "contact slow": N_("%(name)s moved slowly"),
    "pin not driven": N_("%(name)s could not be driven"),
    "pin driver hangs": N_("The pin driver hangs at %(name)s"),
}
"""In words, by the event's name in the audit log."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry for people."""

    at: float
    """Unix seconds."""
    text: str
    why: str
    """Empty: it goes without saying."""
    number: int
    """Of the entry in the audit log."""
    hash: str
    """Hexadecimal; with the number it proves that the log still says so."""


def span(trade: Trade, steps: Iterable[Step]) -> tuple[float, float]:
    """Between which Unix seconds the relay may have had to do with a trade."""
    last = max((step.at for step in steps), default=trade.created)
    return trade.created - BEFORE, last + AFTER


def recorded(trade: Trade, written: Iterable[Written]) -> list[Line]:
    """What of it concerns this trade: by its order, or by the contacts that a purchase moves at home."""
    bought = trade.side is Side.BUYER and trade.channel is not None
    own: set[int | None] = {HOME, trade.channel} if bought else set()
    return [_line(each) for each in written if _concerns(each.entry, trade, own)]


def _concerns(entry: Entry, trade: Trade, own: set[int | None]) -> bool:
    order = trade.order.removeprefix("0x")
    return order in (entry.facts.get("order"), entry.facts.get("before")) or entry.contact in own


def _line(written: Written) -> Line:
    entry = written.entry
    name = _("home") if entry.contact == HOME else _("contact %(contact)s", contact=entry.contact)
    text = _(EVENTS.get(entry.event, entry.event), contact=entry.contact, name=name)
    return Line(
        at=entry.at / 1_000_000,
        text=words.capital(text),
        why=words.capital(told(str(entry.facts.get("why", "")))),
        number=entry.seq,
        hash=written.hash.hex(),
    )
