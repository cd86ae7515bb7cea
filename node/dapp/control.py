"""What was asked for and what came of it, in words: pure, from the DApp's book and the trader's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from node.client_interaction.trade import TradeState
from node.dapp import words
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.story import STATES
from node.dapp.told import told
from node.intents.answers import Outcome, Told
from node.intents.book import LASTING, Letter
from node.intents.errors import Malformed
from node.intents.kinds import LIMITS as LIMIT_KINDS
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Limit,
    Pause,
    Resume,
    Revoke,
    SendTokens,
    SetOffer,
    Stop,
    read,
)
from node.intents.published import LimitNow, OfferNow, Published
from node.wallet.journal import Stage
from quantities import Energy, Price, SoC, Tokens

GRACE = 2.0
"""Seconds after a minute in which an answer may still come to be read."""

EXPIRED = N_(
    "Client-interaction did not answer within 60 s, so nothing was done. Is it running? "
    "See commonwatt doctor."
)

LIMITS = {
    Limit.LIMIT: N_("Buys below"),
    Limit.RESUME: N_("Goes home at"),
    Limit.MAX_PRICE: N_("Pays at most"),
    Limit.DAILY_BUDGET: N_("Spends in a day at most"),
}
"""Each limit as the pages call it."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was asked for."""

    id: str
    title: str
    by: str
    at: float
    """Unix seconds."""

    badge: str
    state: str
    """In a word."""

    text: str
    link: str = ""
    says: str = ""
    """What the link leads to."""

    @property
    def waits(self) -> bool:
        """Whether an answer, or its end on the chain, is still to come."""
        return self.badge == "planned"


def lines(asked: Sequence[Letter], told: Sequence[Told], now: float, boot: str) -> list[Line]:
    """Everything that was asked for, the newest first.

    Args:
        asked: from the book.
        told: from the trader's record, which the pages cannot write: what is in there counts.
        now: boottime seconds.
        boot: id of this boot.
    """
    answered = {each.answer.id for each in told}
    found = [_answered(each) for each in told]
    found += [_waiting(letter, now, boot) for letter in asked if letter.id not in answered]
    return sorted(found, key=lambda line: line.at, reverse=True)


def title(kind: str, body: str) -> str:  # noqa: PLR0911 - one a kind
    """What was asked for, in a few words."""
    try:
        intent = read(kind, body)
    except Malformed:
        return _("Something that there is not")
    match intent:
        case BuyNow(energy=energy):
            return _("Buy now") if energy is None else _("Buy %(energy)s now", energy=words.amount(energy))
        case Stop():
            return _("Stop buying")
        case Pause():
            return _("Switch trading off")
        case Resume():
            return _("Switch trading on")
        case SetOffer(contact=contact, offer=offer):
            if offer is None:
                return _("Contact %(contact)s: offer as configured", contact=contact)
            if not offer.on:
                return _("Contact %(contact)s: offer nothing", contact=contact)
            return _(
                "Contact %(contact)s: offer up to %(energy)s at %(price)s",
                contact=contact,
                energy=words.amount(offer.most),
                price=words.price(offer.price.value),
            )
        case ChangeLimit(limit=limit, value=value):
            if value is None:
                return _("%(limit)s as configured", limit=_(LIMITS[limit]))
            return _("%(limit)s %(value)s", limit=_(LIMITS[limit]), value=shown(value))
        case SendTokens(to=to, amount=amount):
            return _(
                "Send %(tokens)s to %(name)s",
                tokens=words.tokens(amount.value),
                name=words.capital(words.short(to)),
            )
        case Revoke(spender=spender):
            return _("Revoke what %(name)s may take", name=words.short(spender))


def shown(value: SoC | Price | Tokens) -> str:
    """A limit's value as people read it."""
    if isinstance(value, Tokens):
        return words.tokens(value.value)
    return words.price(value.value) if isinstance(value, Price) else words.amount(value)


def _waiting(letter: Letter, now: float, boot: str) -> Line:
    waits = letter.age(now, boot) < LASTING + GRACE
    return Line(
        id=letter.id,
        title=title(letter.kind, letter.body),
        by=letter.by,
        at=letter.at,
        badge="planned" if waits else "ended",
        state=_("asked") if waits else _("expired"),
        text=_("Asked; client-interaction answers in a moment.") if waits else _(EXPIRED),
    )


def _answered(given: Told) -> Line:
    answer = given.answer
    badge, state, text, link, says = "good", _("accepted"), told(answer.text), "", ""
    if answer.outcome is Outcome.REFUSED:
        badge, state = "bad", _("refused")
    elif given.stage is not None:
        badge, state, more = STAGES[given.stage]
        text = f"{text} {_(more, error=given.error.rstrip('.'))}"
        state = _(state)
        link, says = f"/explorer/tx/{given.transaction}" if given.transaction else "", _("Transaction")
    elif answer.order is not None:
        trade = TradeState(given.trade or TradeState.PLANNED)
        badge, state = trade.value, _(STATES[trade])
        link, says = f"/trades/{answer.order}", _("Follow this trade")
    return Line(
        id=answer.id,
        title=title(answer.kind, answer.body),
        by=answer.by,
        at=answer.asked_at,
        badge=badge,
        state=state,
        text=text,
        link=link,
        says=says,
    )


STAGES = {
    Stage.PLANNED: ("planned", N_("accepted"), N_("It is written down, and goes to the chain.")),
    Stage.SIGNED: ("planned", N_("sending"), N_("It goes to the chain.")),
    Stage.BROADCAST: ("planned", N_("sending"), N_("It waits for its block.")),
    Stage.MINED: ("planned", N_("in a block"), N_("It is in a block, and waits for its confirmation.")),
    Stage.FINAL: ("good", N_("sent"), N_("It is confirmed.")),
    Stage.FAILED: ("failed", N_("failed"), N_("It was not sent: %(error)s.")),
}
"""Badge, word and sentence for a transfer, by how far its transaction is."""


# --- what is in force ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that may be changed, as its form shows it."""

    name: str
    label: str
    unit: str
    value: str
    """As it is typed."""

    configured: str
    """As it is read."""

    bound: str
    by: str
    at: float


@dataclass(frozen=True, kw_only=True)
class OfferRow:
    """What is offered at one feed, as its form shows it."""

    contact: int
    on: bool
    price: str
    most: str
    configured: str
    bound: str
    by: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Control:
    """Everything that the pages show of what may be asked for, and was."""

    may: bool
    """Whether who looks may ask."""

    published: Published | None
    lines: Sequence[Line]
    seen: str
    """Changes with all of this: the live pages' event says it as well."""

    now: float
    """Unix seconds."""

    @property
    def waits(self) -> bool:
        """Whether something is still to come."""
        return any(line.waits for line in self.lines)

    @property
    def off(self) -> bool:
        """Trading was switched off here."""
        return self.published is not None and bool(self.published.paused_by)

    @property
    def stopped(self) -> bool:
        """Buying was stopped, and still is."""
        return self.published is not None and self.published.stopped_until > self.now

    @property
    def buys(self) -> bool:
        """Whether there is anybody to buy from."""
        return self.published is None or self.published.buys

    @property
    def limits(self) -> list[Row]:
        """The limits of a household that buys."""
        if self.published is None or not self.published.buys:
            return []
        return [_limit_row(Limit(name), limit) for name, limit in self.published.limits.items()]

    @property
    def offers(self) -> list[OfferRow]:
        """The offers of one that sells."""
        return [] if self.published is None else [_offer_row(offer) for offer in self.published.offers]

    @property
    def sends(self) -> str:
        """How much may be sent, as a sentence; empty: nothing."""
        if self.published is None or not int(self.published.send):
            return ""
        each, left = (words.tokens(int(n)) for n in (self.published.send, self.published.send_left))
        return _(
            "At most %(each)s at a time; %(left)s are left of what may be sent in 24 hours.",
            each=each,
            left=left,
        )


def _limit_row(limit: Limit, now: LimitNow) -> Row:
    kind = LIMIT_KINDS[limit][0]
    bound = shown(kind(int(now.bound)))
    least = limit is Limit.LIMIT
    return Row(
        name=limit.value,
        label=_(LIMITS[limit]),
        unit=words.term(UNITS[limit]),
        value=typable(kind(int(now.value))),
        configured=shown(kind(int(now.configured))),
        bound=_("%(value)s at least.", value=bound) if least else _("%(value)s at most.", value=bound),
        by=now.by,
        at=now.at,
    )


def _offer_row(now: OfferNow) -> OfferRow:
    price, least = (words.price(int(n)) for n in (now.configured_price, now.price_from))
    configured, most = (words.energy(int(n)) for n in (now.configured_most, now.most_to))
    return OfferRow(
        contact=now.contact,
        on=now.on,
        price=typable(Price(int(now.price))),
        most=typable(Energy(int(now.most))),
        configured=_("up to %(energy)s an order at %(price)s", energy=configured, price=price),
        bound=_("%(price)s at least, and %(energy)s an order at most.", price=least, energy=most),
        by=now.by,
        at=now.at,
    )


def typable(value: SoC | Price | Tokens | Energy) -> str:
    """A value as it would be typed, with all of its digits."""
    decimals = 2 if isinstance(value, SoC) else 3 if isinstance(value, Energy) else 18
    return f"{Decimal(value.value).scaleb(-decimals).normalize():f}"


UNITS = {
    Limit.LIMIT: "%",
    Limit.RESUME: "%",
    Limit.MAX_PRICE: "tokens per kWh",
    Limit.DAILY_BUDGET: "tokens",
}
