"""What this household's relay wrote down while a trade went on: its contacts' own account of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from node.client_interaction.trade import Side, Step, Trade
from node.dapp import words
from relay_server.acts import HOME
from relay_server.audit import Entry, Written

BEFORE, AFTER = 2.0, 15.0
"""Seconds around a trade's timeline: contacts move before the trader notes it, and may be slow after."""

MOST = 200
"""Entries looked at for one trade."""

EVENTS = {
    "feed closed": "Feed {contact} closed",
    "feed open": "Feed {contact} opened",
    "feed ending": "Feed {contact} is about to open: the seller ends it",
    "feed rolled over": "Feed {contact} goes on under the next order",
    "order given back": "The seller gives the order back",
    "order settled": "The market has settled the order",
    "leaving home": "Leaving home for tie {contact}",
    "tie closed": "Tie {contact} closed",
    "going home": "Going home from tie {contact}",
    "home": "Home",
    "fault": "Fault at {name}",
    "fault cleared": "{name} is in service again",
    "contact slow": "{name} moved slowly",
    "pin not driven": "{name} could not be driven",
    "pin driver hangs": "The pin driver hangs at {name}",
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
    name = "home" if entry.contact == HOME else f"contact {entry.contact}"
    text = EVENTS.get(entry.event, entry.event).format(contact=entry.contact, name=name)
    return Line(
        at=entry.at / 1_000_000,
        text=words.capital(text),
        why=words.capital(str(entry.facts.get("why", ""))),
        number=entry.seq,
        hash=written.hash.hex(),
    )
