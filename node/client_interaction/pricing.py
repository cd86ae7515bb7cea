"""The price of a feed at one moment: that of the first rule that applies, else the feed's own. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from node import hours
from quantities import Price, SoC

if TYPE_CHECKING:
    from node.client_interaction.settings import FeedOffer, PriceRule

BAND = 200
"""A published price stands while it would be right for a battery so many hundredths of a percent fuller or
emptier: a state of charge that trembles at the edge of a rule costs no gas."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time of the week by the household's clock."""

    weekday: int
    """0 is Monday."""

    minute: int
    """Of the day."""

    @classmethod
    def of(cls, wall: float) -> Self:
        """The moment of a Unix time, in the time zone of this host."""
        local = time.localtime(wall)
        return cls(weekday=local.tm_wday, minute=local.tm_hour * 60 + local.tm_min)


def price_at(feed: FeedOffer, moment: Moment, soc: SoC) -> Price:
    """What energy costs at this feed now."""
    for rule in feed.prices:
        if _within(rule, moment) and _charged(rule, soc):
            return rule.price
    return feed.price


def stands(feed: FeedOffer, published: Price, moment: Moment, soc: SoC) -> bool:
    """Whether a published price need not be changed now."""
    near = (SoC(min(max(soc.value + by, 0), 10_000)) for by in (0, -BAND, BAND))
    return any(price_at(feed, moment, each) == published for each in near)


def _charged(rule: PriceRule, soc: SoC) -> bool:
    enough = rule.above is None or soc >= rule.above
    return enough and (rule.below is None or soc < rule.below)


def _within(rule: PriceRule, moment: Moment) -> bool:
    """Whether the rule's days and hours hold. Hours past midnight belong to the day on which they began."""
    began = hours.began(rule.after, rule.before, moment.minute)
    return began is not None and _on(rule, (moment.weekday + began) % 7)


def _on(rule: PriceRule, weekday: int) -> bool:
    return not rule.days or hours.DAYS[weekday] in rule.days
