"""How the Energy page says an amount: in watts, watt-hours, or money. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from node.dapp import words
from node.dapp.consumption import MJ_PER_MWH, Bar
from node.dapp.language import gettext as _
from node.dapp.periods import Slot
from quantities.amount import trimmed


class Unit(StrEnum):
    """In what the bars are."""

    WATTS = "W"
    """The mean of each bar."""
    ENERGY = "kWh"
    MONEY = "money"
    """What a utility would have asked for it."""


KINDS = ("own", "bought", "used", "made", "sold")

DECIMALS = {Unit.WATTS: 3, Unit.ENERGY: 3, Unit.MONEY: 6}
"""Of what `measure` counts in: mW, mWh, micro-units of a currency."""

SHORT = {Unit.WATTS: "W", Unit.ENERGY: "Wh"}


def measure(bar: Bar, kind: str, unit: Unit) -> int | None:
    """One of `KINDS` of a bar, in mW, mWh, or micro-units; None where it is not known."""
    if unit is Unit.MONEY:
        return {"own": bar.cost_own, "bought": bar.cost_bought, "used": _sum(bar)}.get(kind)
    energy: int | None = getattr(bar, kind)
    if energy is None or not bar.lasted:
        return None
    return round(energy / (bar.lasted if unit is Unit.WATTS else MJ_PER_MWH))


def number(value: int | None, unit: Unit) -> float | None:
    """What `measure` says as watts, watt-hours or money, for a chart."""
    return None if value is None else value / 10 ** DECIMALS[unit]


def exact(value: int | None, unit: Unit) -> str:
    """The same for a spreadsheet, with all of its digits; empty where it is not known."""
    return "" if value is None else trimmed(value, DECIMALS[unit], DECIMALS[unit])


def said(value: int | None, unit: Unit, currency: str) -> str:
    """The same for people."""
    if value is None:
        return "–"
    match unit:
        case Unit.WATTS:
            return words.watts(value)
        case Unit.ENERGY:
            return words.energy(value)
        case Unit.MONEY:
            return words.money(value, currency)


def total(bars: Sequence[Bar]) -> Bar:
    """All bars as one; what is not known of one of them is missing in it."""
    first, last = bars[0].slot, bars[-1].slot
    return Bar(
        slot=Slot(start=first.start, end=last.end, label="", title=_("All of it")),
        lasted=sum(bar.lasted for bar in bars if bar.known),
        **{
            name: _added(bars, name)
            for name in ("used", "own", "bought", "made", "sold", "cost_own", "cost_bought")
        },
    )


def _added(bars: Sequence[Bar], name: str) -> int | None:
    known = [value for bar in bars if (value := getattr(bar, name)) is not None]
    return sum(known) if known else None


def _sum(bar: Bar) -> int | None:
    return None if bar.cost_own is None else bar.cost_own + (bar.cost_bought or 0)
