"""What was asked for and what came of it, in words: pure, from the DApp's book and the trader's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from node.client_interaction.trade import TradeState
from node.dapp import words
from node.dapp.story import STATES
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

EXPIRED = (
    "Client-interaction did not answer within 60 s, so nothing was done. Is it running? "
    "See commonwatt doctor."
)

LIMITS = {
    Limit.LIMIT: "Buys below",
    Limit.RESUME: "Goes home at",
    Limit.MAX_PRICE: "Pays at most",
    Limit.DAILY_BUDGET: "Spends in a day at most",
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
        return "Something that there is not"
    match intent:
        case BuyNow(energy=energy):
            return "Buy now" if energy is None else f"Buy {energy} now"
        case Stop():
            return "Stop buying"
        case Pause():
            return "Switch trading off"
        case Resume():
            return "Switch trading on"
        case SetOffer(contact=contact, offer=offer):
            if offer is None:
                return f"Contact {contact}: offer as configured"
            if not offer.on:
                return f"Contact {contact}: offer nothing"
            return f"Contact {contact}: offer up to {offer.most} at {offer.price}"
        case ChangeLimit(limit=limit, value=value):
            return f"{LIMITS[limit]} {'as configured' if value is None else shown(value)}"
        case SendTokens(to=to, amount=amount):
            return f"Send {words.tokens(amount.value)} to {words.capital(words.short(to))}"
        case Revoke(spender=spender):
            return f"Revoke what {words.short(spender)} may take"


def shown(value: SoC | Price | Tokens) -> str:
    """A limit's value as people read it."""
    return words.tokens(value.value) if isinstance(value, Tokens) else str(value)


def _waiting(letter: Letter, now: float, boot: str) -> Line:
    waits = letter.age(now, boot) < LASTING + GRACE
    return Line(
        id=letter.id,
        title=title(letter.kind, letter.body),
        by=letter.by,
        at=letter.at,
        badge="planned" if waits else "ended",
        state="asked" if waits else "expired",
        text="Asked; client-interaction answers in a moment." if waits else EXPIRED,
    )


def _answered(told: Told) -> Line:
    answer = told.answer
    badge, state, text, link, says = "good", "accepted", answer.text, "", ""
    if answer.outcome is Outcome.REFUSED:
        badge, state = "bad", "refused"
    elif told.stage is not None:
        badge, state, more = STAGES[told.stage]
        text = f"{text} {more.format(error=told.error.rstrip('.'))}"
        link, says = f"/explorer/tx/{told.transaction}" if told.transaction else "", "Transaction"
    elif answer.order is not None:
        trade = TradeState(told.trade or TradeState.PLANNED)
        badge, state = trade.value, STATES[trade]
        link, says = f"/trades/{answer.order}", "Follow this trade"
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
    Stage.PLANNED: ("planned", "accepted", "It is written down, and goes to the chain."),
    Stage.SIGNED: ("planned", "sending", "It goes to the chain."),
    Stage.BROADCAST: ("planned", "sending", "It waits for its block."),
    Stage.MINED: ("planned", "in a block", "It is in a block, and waits for its confirmation."),
    Stage.FINAL: ("good", "sent", "It is confirmed."),
    Stage.FAILED: ("failed", "failed", "It was not sent: {error}."),
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
        return f"At most {each} at a time; {left} are left of what may be sent in 24 hours."


def _limit_row(limit: Limit, now: LimitNow) -> Row:
    kind = LIMIT_KINDS[limit][0]
    bound = shown(kind(int(now.bound)))
    least = limit is Limit.LIMIT
    return Row(
        name=limit.value,
        label=LIMITS[limit],
        unit=UNITS[limit],
        value=typable(kind(int(now.value))),
        configured=shown(kind(int(now.configured))),
        bound=f"{bound} at {'least' if least else 'most'}.",
        by=now.by,
        at=now.at,
    )


def _offer_row(now: OfferNow) -> OfferRow:
    price, most = (Price(int(n)) for n in (now.configured_price, now.price_from))
    return OfferRow(
        contact=now.contact,
        on=now.on,
        price=typable(Price(int(now.price))),
        most=typable(Energy(int(now.most))),
        configured=f"up to {Energy(int(now.configured_most))} an order at {price}",
        bound=f"{most} at least, and {Energy(int(now.most_to))} an order at most.",
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
