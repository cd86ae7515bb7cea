"""Which trades ran into one another on one contact: its meter's readings tell of them together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from node.client_interaction.trade import Side, Step, Trade

ENDS = frozenset({"ended", "settled", "refunded", "released", "reclaimed"})
"""Steps of a trade after which no energy flows."""

Where = tuple[Side, int | None]
"""A contact: the buyer's tie, or the seller's feed."""


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A trade, with when energy may have flowed under it. Unix seconds."""

    trade: Trade
    began: float
    """By the chain, so before anything flowed, and the same for both households."""

    over: float | None
    """None: energy may still flow."""

    @property
    def where(self) -> Where:
        """The contact here."""
        trade = self.trade
        return trade.side, trade.contact if trade.side is Side.SELLER else trade.channel


@dataclass(frozen=True, kw_only=True)
class Run:
    """Trades between which the contact did not rest."""

    meter: str
    """Empty: no meter of this contact is configured any more."""

    booked: tuple[Booked, ...]

    @property
    def began(self) -> float:
        """Before anything flowed."""
        return min(each.began for each in self.booked)

    @property
    def over(self) -> float | None:
        """When all were over; None: one is not."""
        ends = [each.over for each in self.booked if each.over is not None]
        return max(ends) if len(ends) == len(self.booked) else None


def over(trade: Trade, steps: Iterable[Step]) -> float | None:
    """When no energy flowed under a trade any more, by the books; None: it may still."""
    found = [step.at for step in steps if step.name in ENDS]
    return min(found) if found else trade.changed if trade.final else None


def together(booked: Iterable[Booked], meters: Mapping[Where, str], rest: float) -> list[Run]:
    """All trades, each in its run, in the order in which the runs began.

    Args:
        meters: of each contact.
        rest: seconds that lie between two runs: in them the meter is read.
    """
    runs: list[list[Booked]] = []
    newest: dict[Where, tuple[list[Booked], float]] = {}
    for each in sorted(booked, key=lambda one: one.began):
        run, until = newest.get(each.where, ([], float("-inf")))
        if each.began >= until + rest:
            run = []
            runs.append(run)
        run.append(each)
        end = float("inf") if each.over is None else each.over
        newest[each.where] = (run, max(until, end))
    return [Run(meter=meters.get(run[0].where, ""), booked=tuple(run)) for run in runs]


def touching(runs: Sequence[Run], since: float, until: float) -> list[Run]:
    """The runs of which a trade began in a span of time."""
    return [run for run in runs if any(since <= each.began < until for each in run.booked)]
