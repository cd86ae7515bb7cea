"""Ages, times, amounts and hashes in the words that people read, in their language; no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from node.dapp import language
from node.dapp.language import N_, ngettext
from node.dapp.language import gettext as _
from quantities import Energy, Power, Price, SoC, Tokens

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def lasting(seconds: float) -> str:
    """A length of time: "12 s", "4 min", "3 h 20 min", "2 days"."""
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return language.amount(f"{whole} s")
    if whole < HOUR:
        return language.amount(f"{whole // MINUTE} min")
    if whole < DAY:
        minutes, hours = whole % HOUR // MINUTE, language.amount(f"{whole // HOUR} h")
        return f"{hours} {language.amount(f'{minutes} min')}" if minutes else hours
    return ngettext("%(num)s day", "%(num)s days", whole // DAY)


def too_many(seconds: float) -> str:
    """What somebody is told who has to wait that long before another try."""
    return _("Too many wrong tries. Try again in %(time)s.", time=lasting(max(seconds, 60)))


def ago(seconds: float) -> str:
    """How long since: "just now" within two seconds, else "4 min ago"."""
    return _("just now") if seconds < 2 else _("%(time)s ago", time=lasting(seconds))


def clock(at: float, now: float) -> str:
    """A moment as the household's clock shows it, with the day when it is not today's."""
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    if then.date() == today.date():
        return language.written(then, "%H:%M:%S")
    return language.written(then, N_("%d %b %H:%M") if then.year == today.year else N_("%d %b %Y %H:%M"))


def iso(at: float) -> str:
    """A moment for `<time datetime>`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def watts(power: int) -> str:
    """A power in mW, without its sign, to three figures: "4.2 W", "123 W", "1.24 kW"."""
    value = abs(power) / 1_000
    if value >= 1_000:
        return language.amount(f"{value / 1_000:.2f} kW")
    return language.amount(f"{value:.0f} W" if value >= 100 else f"{value:.1f} W")


def energy(mwh: int) -> str:
    """An energy in mWh."""
    return amount(Energy(mwh))


def power(mw: int) -> str:
    """A power in mW, with its sign."""
    return amount(Power(mw))


def amount(value: object) -> str:
    """An amount and its unit, or what shows as one."""
    return language.amount(str(value))


def tokens(base: int) -> str:
    """Tokens in base units: "12.50 tokens", and three figures of less than one: "0.000525 tokens"."""
    return so_many_tokens(_figures(base))


def some_tokens(base: int) -> str:
    """The same without the word."""
    return language.number(_figures(base))


def _figures(base: int) -> str:
    whole = Tokens.parse(1).value
    if not base:
        return "0"
    return str(Tokens(base)) if abs(base) >= whole else f"{Decimal(f'{base / whole:.3g}'):f}"


def so_many_tokens(shown: str) -> str:
    """A number of tokens as Python writes it, in words: "12.50 tokens"."""
    whole = abs(int(Decimal(shown)))
    return ngettext("%(amount)s tokens", "%(amount)s tokens", whole, amount=language.number(shown))


def money(micro: int, currency: str) -> str:
    """Micro-units of a currency: "12.50 EUR", and two figures of less than a tenth: "0.0042 EUR"."""
    value = Decimal(micro).scaleb(-6)
    shown = f"{value:.2f}" if abs(micro) >= 100_000 or not micro else f"{Decimal(f'{value:.2g}'):f}"
    return language.amount(f"{shown} {currency}")


def exact(base: int) -> str:
    """Tokens in base units, with all of their digits and no more: "2.5"."""
    return f"{Decimal(base).scaleb(-18).normalize():f}"


def price(base: int) -> str:
    """A price in base units per kWh: "0.25 tokens per kWh"."""
    return so_many_per_kwh(str(Price(base)).partition(" ")[0])


def so_many_per_kwh(shown: str) -> str:
    """A price as Python writes its number, in words."""
    whole = abs(int(Decimal(shown)))
    return ngettext(
        "%(number)s tokens per kWh", "%(number)s tokens per kWh", whole, number=language.number(shown)
    )


def percent(soc: int) -> str:
    """A state of charge in 1/100 %: "63 %"; "9.4 %" below ten, where a tenth matters."""
    return language.amount(f"{soc / 100:.1f} %" if soc < 1_000 else f"{SoC(soc).percent:.0f} %")


def short(identifier: str) -> str:
    """A hash or address that fits a phone: "0x12ab34…9f01"."""
    return identifier if len(identifier) <= 14 else f"{identifier[:8]}…{identifier[-4:]}"


def grouped(number: int) -> str:
    """ "30 000 000", with narrow spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")


def listed(names: list[str]) -> str:
    """ "Alder", "Alder and Birch", "Alder, Birch and Cedar"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s", names=", ".join(names[:-1]), last=names[-1])


def capital(text: str) -> str:
    """A name or sentence with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


def term(word: str) -> str:
    """A word of ours that is the same in files and on pages: a quantity, a state, a role, a unit."""
    return _(word) if word in TERMS else word


TERMS = frozenset({
    N_("power"), N_("voltage"), N_("current"), N_("soc"), N_("energy"), N_("forward"), N_("reverse"),
    N_("live"), N_("starting"), N_("stale"), N_("failed"),
    N_("producer"), N_("consumer"), N_("prosumer"), N_("household"),
    N_("tokens per kWh"), N_("tokens"),
})  # fmt: skip
