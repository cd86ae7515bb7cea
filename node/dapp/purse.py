"""What the household spent and earned today, from its trades."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from node.client_interaction.trade import Side, Trade
from quantities import Tokens


@dataclass(frozen=True, kw_only=True)
class Purse:
    """Today's money."""

    spent: Tokens = field(default_factory=Tokens)
    """What purchases cost; what may still come back counts as spent, as for the daily budget."""
    earned: Tokens = field(default_factory=Tokens)


def midnight(now: float) -> float:
    """When the household's day began, in Unix seconds."""
    today = time.localtime(now)
    return time.mktime((today.tm_year, today.tm_mon, today.tm_mday, 0, 0, 0, 0, 0, -1))


def purse(trades: list[Trade], start: float) -> Purse:
    """Sum up the trades made since `start` (Unix seconds)."""
    today = [trade for trade in trades if trade.created >= start]
    spent = sum(
        (trade.paid if trade.final else trade.cost).value for trade in today if trade.side is Side.BUYER
    )
    earned = sum(trade.paid.value for trade in today if trade.side is Side.SELLER)
    return Purse(spent=Tokens(spent), earned=Tokens(earned))
