"""How far an intent may go: bounds from the configuration, which the DApp cannot write. Pure.

Each check answers with a sentence that says what the bound is and where it stands; empty: within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from node.intents.kinds import Limit, OwnOffer
from quantities import Energy, Price, SoC, Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import OffersSettings, TradingSettings
    from node.intents.settings import IntentsSettings


@dataclass(frozen=True, kw_only=True)
class OfferCap:
    """What may be offered at one feed."""

    price_from: Price
    energy_to: Energy


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Everything that bounds what is asked for."""

    enabled: bool
    per_minute: int
    stop_for: float
    """Seconds."""

    send: Tokens
    send_per_day: Tokens
    recipients: frozenset[str]
    """Accounts, in lower case."""

    limit_from: SoC
    resume_to: SoC
    max_price_to: Price
    daily_budget_to: Tokens
    offers: Mapping[int, OfferCap]
    """By contact, for every configured feed."""

    @classmethod
    def of(cls, intents: IntentsSettings, trading: TradingSettings, offers: OffersSettings) -> Self:
        """From the sections of the configuration; where a bound is not set, their own value is it."""
        price, most = intents.offer_price_from, intents.offer_energy_to
        return cls(
            enabled=intents.enabled,
            per_minute=intents.per_minute,
            stop_for=intents.stop_for,
            send=intents.send,
            send_per_day=intents.send_per_day,
            recipients=frozenset(account.lower() for account in intents.recipients),
            limit_from=intents.limit_from,
            resume_to=intents.resume_to,
            max_price_to=trading.max_price if intents.max_price_to is None else intents.max_price_to,
            daily_budget_to=trading.daily_budget
            if intents.daily_budget_to is None
            else intents.daily_budget_to,
            offers={
                feed.contact: OfferCap(
                    price_from=feed.price if price is None else price,
                    energy_to=feed.max_energy if most is None else most,
                )
                for feed in offers.feeds
            },
        )

    def bound(self, limit: Limit) -> SoC | Price | Tokens:
        """The lowest limit, or the highest of the others, that may be set."""
        bounds: dict[Limit, SoC | Price | Tokens] = {
            Limit.LIMIT: self.limit_from,
            Limit.RESUME: self.resume_to,
            Limit.MAX_PRICE: self.max_price_to,
            Limit.DAILY_BUDGET: self.daily_budget_to,
        }
        return bounds[limit]

    def limit(self, limit: Limit, value: SoC | Price | Tokens) -> str:
        """Whether this value may be set."""
        match limit, value:
            case Limit.LIMIT, SoC() if value < self.limit_from:
                return f"The limit may be set to {self.limit_from} at least (intents.limit_from)."
            case Limit.RESUME, SoC() if value > self.resume_to:
                return f"Going home may be set to {self.resume_to} at most (intents.resume_to)."
            case Limit.MAX_PRICE, Price() if value > self.max_price_to:
                return f"The price may be set to {self.max_price_to} at most (intents.max_price_to)."
            case Limit.DAILY_BUDGET, Tokens() if value > self.daily_budget_to:
                most = f"{self.daily_budget_to} tokens at most"
                return f"The budget may be set to {most} (intents.daily_budget_to)."
            case _:
                return ""

    def offer(self, contact: int, offer: OwnOffer) -> str:
        """Whether this may be offered."""
        cap = self.offers.get(contact)
        if cap is None:
            known = ", ".join(map(str, sorted(self.offers))) or "none"
            return f"Contact {contact} is not for sale here (offers.feeds has {known})."
        if offer.on and offer.price < cap.price_from:
            return f"The price may be set to {cap.price_from} at least (intents.offer_price_from)."
        if offer.on and offer.most > cap.energy_to:
            return f"An order may be offered {cap.energy_to} at most (intents.offer_energy_to)."
        return ""

    def sent(self, amount: Tokens, lately: Tokens) -> str:
        """Whether so much may be given away.

        Args:
            lately: what was, in the last 24 hours.
        """
        if not self.send:
            return "No tokens are sent from here (intents.send)."
        if amount > self.send:
            return f"One transfer may be of {self.send} tokens at most (intents.send)."
        if lately + amount > self.send_per_day:
            left = max(self.send_per_day - lately, Tokens(0))
            return f"Only {left} tokens are left of what may be sent in 24 hours (intents.send_per_day)."
        return ""
