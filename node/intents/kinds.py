"""The closed set of what a household may ask for, and how one is written between its processes.

An intent is a kind and a JSON object; every amount in it is an integer of base units as a decimal string, for
JSON's numbers are too small. What is not exactly so is no intent: who writes them is not trusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from chain.keys import checksum
from node.intents.errors import Malformed
from quantities import Energy, Price, SoC, Tokens

LONGEST = 512
"""Characters of a body."""

NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,38})\Z", re.ASCII)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")

UINT32, INT64, UINT128 = 2**32 - 1, 2**63 - 1, 2**128 - 1
"""The largest contact, energy and amount of money that the contracts and the books can hold."""


class Limit(StrEnum):
    """What of the household's policy may be changed."""

    LIMIT = "limit"
    RESUME = "resume"
    MAX_PRICE = "max_price"
    DAILY_BUDGET = "daily_budget"


@dataclass(frozen=True, kw_only=True)
class BuyNow:
    """Buy as if the battery had fallen below its limit."""

    energy: Energy | None = None
    """None: what lifts the battery to `resume`."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Go home now, and buy nothing by yourself for a while."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Switch trading off: no buying, no selling, until it is switched on."""


@dataclass(frozen=True, kw_only=True)
class Resume:
    """Switch trading on; a stop is over as well."""


@dataclass(frozen=True, kw_only=True)
class OwnOffer:
    """What is offered at one own feed."""

    price: Price
    most: Energy
    """That one order may ask for."""

    on: bool
    """False: nothing is offered there."""


@dataclass(frozen=True, kw_only=True)
class SetOffer:
    """Offer this at a feed from now on."""

    contact: int
    offer: OwnOffer | None
    """None: as the configuration says."""


@dataclass(frozen=True, kw_only=True)
class ChangeLimit:
    """Set one limit of the household's policy from now on."""

    limit: Limit
    value: SoC | Price | Tokens | None
    """None: as the configuration says."""


@dataclass(frozen=True, kw_only=True)
class SendTokens:
    """Give tokens to another household."""

    to: str
    """A household's name as in the registry, or an account."""

    amount: Tokens


@dataclass(frozen=True, kw_only=True)
class Revoke:
    """Let somebody who may take of this household's tokens take none any more."""

    spender: str
    """An account, checksummed."""


Intent: TypeAlias = BuyNow | Stop | Pause | Resume | SetOffer | ChangeLimit | SendTokens | Revoke


def write(intent: Intent) -> tuple[str, str]:
    """Kind and body, to be read by `read`."""
    fields: dict[str, str | None] = {}
    match intent:
        case BuyNow(energy=energy):
            kind, fields = "buy", {"energy": _amount(energy)}
        case Stop():
            kind = "stop"
        case Pause():
            kind = "pause"
        case Resume():
            kind = "resume"
        case SetOffer(contact=contact, offer=offer):
            kind, fields = "offer", {"contact": str(contact), "on": None, "price": None, "most": None}
            if offer is not None:
                on = "yes" if offer.on else "no"
                fields |= {"on": on, "price": _amount(offer.price), "most": _amount(offer.most)}
        case ChangeLimit(limit=limit, value=value):
            kind, fields = "limit", {"limit": limit.value, "value": _amount(value)}
        case SendTokens(to=to, amount=amount):
            kind, fields = "send", {"to": to, "amount": _amount(amount)}
        case Revoke(spender=spender):
            kind, fields = "revoke", {"spender": spender}
    return kind, json.dumps(fields, separators=(",", ":"))


def read(kind: str, body: str) -> Intent:
    """One of the set, or nothing.

    Raises:
        Malformed: unknown kind or field, a field missing, or a value without sense.
    """
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise Malformed("There is no such kind of request.")
    fields, make = reader
    given = _loaded(body)
    if set(given) != fields:
        raise Malformed(f"A request of kind {kind} has the fields {', '.join(sorted(fields)) or 'none'}.")
    return make(given)


Fields: TypeAlias = Mapping[str, str | None]


def _buy(given: Fields) -> BuyNow:
    energy = given["energy"]
    return BuyNow(energy=None if energy is None else Energy(_number(energy, 1, INT64, "an amount of energy")))


def _offer(given: Fields) -> SetOffer:
    contact = _number(given["contact"], 0, UINT32, "a contact")
    if given["on"] is None and given["price"] is None and given["most"] is None:
        return SetOffer(contact=contact, offer=None)
    if given["on"] not in ("yes", "no"):
        raise Malformed("An offer is on or off.")
    price = Price(_number(given["price"], 0, UINT128, "a price"))
    most = Energy(_number(given["most"], 1, INT64, "an amount of energy"))
    return SetOffer(contact=contact, offer=OwnOffer(price=price, most=most, on=given["on"] == "yes"))


def _limit(given: Fields) -> ChangeLimit:
    try:
        limit = Limit(given["limit"] or "")
    except ValueError:
        raise Malformed(f"The limits are {', '.join(Limit)}.") from None
    if given["value"] is None:
        return ChangeLimit(limit=limit, value=None)
    kind, most, what = LIMITS[limit]
    return ChangeLimit(limit=limit, value=kind(_number(given["value"], 0, most, what)))


def _send(given: Fields) -> SendTokens:
    amount = Tokens(_number(given["amount"], 1, UINT128, "an amount of tokens"))
    return SendTokens(to=recipient(given["to"] or ""), amount=amount)


def _revoke(given: Fields) -> Revoke:
    spender = given["spender"] or ""
    if not ADDRESS.match(spender):
        raise Malformed("A spender is an account: 0x and 40 hexadecimal digits.")
    return Revoke(spender=recipient(spender))


def recipient(to: str) -> str:
    """A household's name, or an account whose letters, if they are mixed, say that it is spelt right.

    Raises:
        Malformed: neither.
    """
    if NAME.match(to) and not to.startswith("0x"):
        return to
    if not ADDRESS.match(to):
        raise Malformed("A recipient is a household's name, or an account: 0x and 40 hexadecimal digits.")
    digits = to[2:]
    if digits not in (digits.lower(), digits.upper()) and checksum(to) != to:
        raise Malformed("This account is misspelt: its capital letters do not fit its digits.")
    return checksum(to)


LIMITS: Mapping[Limit, tuple[Callable[[int], SoC | Price | Tokens], int, str]] = {
    Limit.LIMIT: (SoC, 10_000, "a state of charge"),
    Limit.RESUME: (SoC, 10_000, "a state of charge"),
    Limit.MAX_PRICE: (Price, UINT128, "a price"),
    Limit.DAILY_BUDGET: (Tokens, UINT128, "an amount of tokens"),
}
"""What kind of amount each is, the largest one, and its name."""

READERS: Mapping[str, tuple[frozenset[str], Callable[[Fields], Intent]]] = {
    "buy": (frozenset({"energy"}), _buy),
    "stop": (frozenset(), lambda _: Stop()),
    "pause": (frozenset(), lambda _: Pause()),
    "resume": (frozenset(), lambda _: Resume()),
    "offer": (frozenset({"contact", "on", "price", "most"}), _offer),
    "limit": (frozenset({"limit", "value"}), _limit),
    "send": (frozenset({"to", "amount"}), _send),
    "revoke": (frozenset({"spender"}), _revoke),
}


def _loaded(body: str) -> Fields:
    if not isinstance(body, str) or len(body) > LONGEST:
        raise Malformed(f"A request is a text of at most {LONGEST} characters.")
    try:
        given = json.loads(body, object_pairs_hook=_once, parse_int=_refuse, parse_float=_refuse)
    except (ValueError, RecursionError):
        raise Malformed("A request is a JSON object of texts, each named once.") from None
    if not isinstance(given, dict) or not all(v is None or isinstance(v, str) for v in given.values()):
        raise Malformed("A request is a JSON object of texts, each named once.")
    return given


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(number: str) -> object:
    raise ValueError(number)


def _number(text: str | None, least: int, most: int, what: str) -> int:
    if text is None or not NUMBER.match(text) or not least <= int(text) <= most:
        raise Malformed(f"{what.capitalize()} is an integer from {least} to {most}.")
    return int(text)


def _amount(amount: Energy | Price | SoC | Tokens | None) -> str | None:
    return None if amount is None else str(amount.value)
