"""Ages, times, amounts and hashes in the words that people read: pure functions, no clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

from quantities import Energy, Power, Price, SoC, Tokens

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def lasting(seconds: float) -> str:
    """A length of time: "12 s", "4 min", "3 h 20 min", "2 days"."""
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        minutes = whole % HOUR // MINUTE
        return f"{whole // HOUR} h {minutes} min" if minutes else f"{whole // HOUR} h"
    return "1 day" if whole < 2 * DAY else f"{whole // DAY} days"


def too_many(seconds: float) -> str:
    """What somebody is told who has to wait that long before another try."""
    return f"Too many wrong tries. Try again in {lasting(max(seconds, 60))}."


def ago(seconds: float) -> str:
    """How long since: "just now" within two seconds, else "4 min ago"."""
    return "just now" if seconds < 2 else f"{lasting(seconds)} ago"


def clock(at: float, now: float) -> str:
    """A moment as the household's clock shows it, with the day when it is not today's."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M:%S", then)
    return time.strftime("%d %b %H:%M" if then.tm_year == today.tm_year else "%d %b %Y %H:%M", then)


def iso(at: float) -> str:
    """A moment for `<time datetime>`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def watts(power: int) -> str:
    """A power in mW, without its sign, to three figures: "4.2 W", "123 W", "1.24 kW"."""
    value = abs(power) / 1_000
    if value >= 1_000:
        return f"{value / 1_000:.2f} kW"
    return f"{value:.0f} W" if value >= 100 else f"{value:.1f} W"


def energy(mwh: int) -> str:
    """An energy in mWh."""
    return str(Energy(mwh))


def power(mw: int) -> str:
    """A power in mW, with its sign."""
    return str(Power(mw))


def tokens(base: int) -> str:
    """Tokens in base units: "12.50 tokens", and three figures of less than one: "0.000525 tokens"."""
    whole = Tokens.parse(1).value
    if not base:
        return "0 tokens"
    if abs(base) >= whole:
        return f"{Tokens(base)} tokens"
    return f"{Decimal(f'{base / whole:.3g}'):f} tokens"


def money(micro: int, currency: str) -> str:
    """Micro-units of a currency: "12.50 EUR", and two figures of less than a tenth: "0.0042 EUR"."""
    value = Decimal(micro).scaleb(-6)
    shown = f"{value:.2f}" if abs(micro) >= 100_000 or not micro else f"{Decimal(f'{value:.2g}'):f}"
    return f"{shown} {currency}"


def exact(base: int) -> str:
    """Tokens in base units, with all of their digits and no more: "2.5"."""
    return f"{Decimal(base).scaleb(-18).normalize():f}"


def price(base: int) -> str:
    """A price in base units per kWh: "0.25 tokens per kWh"."""
    return str(Price(base))


def percent(soc: int) -> str:
    """A state of charge in 1/100 %: "63 %"; "9.4 %" below ten, where a tenth matters."""
    return f"{soc / 100:.1f} %" if soc < 1_000 else f"{SoC(soc).percent:.0f} %"


def short(identifier: str) -> str:
    """A hash or address that fits a phone: "0x12ab34…9f01"."""
    return identifier if len(identifier) <= 14 else f"{identifier[:8]}…{identifier[-4:]}"


def counted(number: int, one: str, many: str) -> str:
    """ "1 block", "3 blocks"."""
    return f"{number} {one if number == 1 else many}"


def grouped(number: int) -> str:
    """ "30 000 000", with narrow spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


def listed(names: list[str]) -> str:
    """ "Alder", "Alder and Birch", "Alder, Birch and Cedar"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def capital(text: str) -> str:
    """A name or sentence with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]
