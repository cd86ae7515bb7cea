"""Amounts as people type them into a form: "2.5", "0,25". Strict, and with a sentence about what is wrong."""

from __future__ import annotations

import re

from node.dapp.errors import Mistyped
from node.dapp.language import gettext as _
from quantities import Energy, Price, SoC, Tokens

NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,18})?\Z", re.ASCII)


def energy(text: str) -> Energy:
    """Watt-hours, more than nothing.

    Raises:
        Mistyped: something else.
    """
    found = Energy.from_wh(_number(text, _("Write an energy in Wh, such as 2.5."), 3))
    if not found:
        raise Mistyped(_("Write an energy of more than nothing."))
    return found


def soc(text: str) -> SoC:
    """Percent.

    Raises:
        Mistyped: something else.
    """
    try:
        return SoC.from_percent(_number(text.replace("%", ""), _("Write a percentage, such as 30."), 2))
    except ValueError:
        raise Mistyped(_("Write a percentage from 0 to 100.")) from None


def price(text: str) -> Price:
    """Tokens per kWh.

    Raises:
        Mistyped: something else.
    """
    return Price.parse(_number(text, _("Write a price in tokens per kWh, such as 0.25."), 18))


def tokens(text: str) -> Tokens:
    """Tokens.

    Raises:
        Mistyped: something else.
    """
    return Tokens.parse(_number(text, _("Write a number of tokens, such as 2.5."), 18))


def shown(text: str, unit: str) -> float:
    """What an instrument shows in V, A or W, in thousandths of it: our unit.

    Raises:
        Mistyped: something else.
    """
    given = text.strip().removesuffix(unit).strip()
    sign = -1 if given.startswith(("-", "\u2212")) else 1
    number = _number(
        given[1:] if sign < 0 else given,
        _("Write what the instrument shows in %(unit)s, such as 1.53.", unit=unit),
        6,
    )
    return sign * float(number) * 1_000


def _number(text: str, what: str, decimals: int) -> str:
    given = text.strip()
    if not NUMBER.match(given):
        raise Mistyped(what)
    number = given.replace(",", ".")
    if len(number.partition(".")[2]) > decimals:
        most = _("At most %(number)s digits after the point.", number=decimals)
        raise Mistyped(f"{what} {most}")
    return number
