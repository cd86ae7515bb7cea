"""Calls and events of our contracts as sentences, with a link at each name.

`say_event` and `say_call` know what the neighbourhood's contracts do; what they do not know keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.bindings.market import OrderArgs
from contracts.codec import Decoded
from contracts.errors import UndecodableData
from node.dapp import words
from node.dapp.language import N_
from node.dapp.language import gettext as _

MARKET = "the market"
"""As a contract is called that orders are made at; see `node.dapp.ledger.who`."""

NOBODY = "0x" + "0" * 40

ENERGIES = frozenset({"energy", "minEnergy", "maxEnergy", "produced", "consumed"})
MONEY = frozenset({"value", "cost", "paid", "refunded", "amount", "escrow"})
BLOCKS = frozenset({"supplyEnd", "reclaimFrom", "validUntil"})


@dataclass(frozen=True)
class Part:
    """A piece of a sentence; with a link when it names something that has a page."""

    text: str
    link: str = ""


Sentence = tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Names:
    """Who is who: households by their accounts, contracts by their addresses (all in small letters)."""

    households: Mapping[str, str]
    contracts: Mapping[str, str]

    def who(self, address: str) -> Part:
        """A household by its name, a contract by what it is, anybody else by the address."""
        key = address.lower()
        name = self.households.get(key) or self._contract(key) or words.short(address)
        return Part(name, f"/explorer/address/{address}")

    def _contract(self, key: str) -> str:
        return _(self.contracts[key]) if key in self.contracts else ""


PLACE = re.compile(r"%\((\w+)\)s")


def sentence(message: str, **values: object) -> Sentence:
    """A message with names and amounts in its places, with a capital at its start.

    Args:
        message: in English, marked by `N_`.
        values: parts, with their links; anything else is shown as it is.
    """
    pieces = PLACE.split(_(message))
    parts = [
        _part(values[piece]) if at % 2 else Part(piece.replace("%%", "%"))
        for at, piece in enumerate(pieces)
        if piece
    ]
    return (Part(words.capital(parts[0].text), parts[0].link), *parts[1:]) if parts else ()


def _part(value: object) -> Part:
    return value if isinstance(value, Part) else Part(str(value))


def plain(said: Sentence) -> str:
    """Without its links, for titles."""
    return "".join(part.text for part in said)


def say_event(event: Decoded, names: Names) -> Sentence:
    """What happened."""
    teller = EVENTS.get(event.name)
    if teller is None:
        return sentence(f"{_spaced(event.name)}.")
    return teller(event.fields, names)


def say_call(call: Decoded, sender: str, names: Names) -> Sentence:
    """What somebody asked for."""
    teller = CALLS.get(call.name)
    if teller is None:
        return sentence(
            N_("%(who)s called %(function)s of the %(contract)s."),
            who=names.who(sender),
            function=_spaced(call.name).lower(),
            contract=_spaced(call.contract).lower(),
        )
    return teller(call.fields, sender, names)


def say_value(name: str, value: Any, names: Names) -> Part:
    """One argument, with its unit."""
    if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
        return names.who(value)
    if isinstance(value, bytes):
        return Part(f"0x{value.hex()}", f"/explorer/search?q=0x{value.hex()}" if name == "orderId" else "")
    if isinstance(value, Mapping):
        return Part(
            "; ".join(f"{label(key)} {say_value(key, part, names).text}" for key, part in value.items())
        )
    if isinstance(value, list):
        return Part("; ".join(say_value(name, part, names).text for part in value) or _("none"))
    return Part(_number(name, value) if type(value) is int else str(value))


def _number(name: str, value: int) -> str:
    if name in ENERGIES:
        return words.energy(value)
    if name in MONEY:
        return words.tokens(value)
    if name == "price":
        return words.price(value)
    return _("block %(number)s", number=value) if name in BLOCKS and value else str(value)


def opened(call: Decoded) -> Decoded:
    """The same call with the order read that an `approveAndCall` carries."""
    if call.name != "approveAndCall" or "data" not in call.fields:
        return call
    try:
        order = OrderArgs.decode(call.fields["data"]).fields()
    except UndecodableData:
        return call
    kept = {name: value for name, value in call.fields.items() if name != "data"}
    return replace(call, fields={**kept, **order})


def label(name: str) -> str:
    """An argument's or a contract's name in words: "orderId" is "order id"."""
    return _(_spaced(name).lower())


def _spaced(name: str) -> str:
    return words.capital("".join(f" {c.lower()}" if c.isupper() else c for c in name).strip())


def _offer_set(f: Mapping[str, Any], names: Names) -> Sentence:
    who, contact = names.who(f["seller"]), f["contact"]
    if not f["maxEnergy"]:
        return sentence(N_("%(who)s offers nothing more at contact %(contact)s."), who=who, contact=contact)
    return sentence(
        N_("%(who)s offers up to %(energy)s an order at %(price)s."),
        who=who,
        energy=words.energy(f["maxEnergy"]),
        price=words.price(f["price"]),
    )


def _funded(f: Mapping[str, Any], names: Names) -> Sentence:
    runs = N_("%(buyer)s ordered %(energy)s from %(seller)s and set %(tokens)s aside.")
    waits = N_(
        "%(buyer)s ordered %(energy)s from %(seller)s and set %(tokens)s aside. "
        "It waits behind the running one."
    )
    return sentence(
        runs if f["supplyEnd"] else waits,
        buyer=names.who(f["buyer"]),
        energy=words.energy(f["energy"]),
        seller=names.who(f["seller"]),
        tokens=words.tokens(f["cost"]),
    )


def _redeemed(f: Mapping[str, Any], names: Names) -> Sentence:
    plain = N_("%(buyer)s paid %(tokens)s to %(seller)s for %(energy)s received.")
    back = N_("%(buyer)s paid %(tokens)s to %(seller)s for %(energy)s received; %(back)s came back.")
    return sentence(
        back if f["refunded"] else plain,
        buyer=names.who(f["buyer"]),
        tokens=words.tokens(f["paid"]),
        seller=names.who(f["seller"]),
        energy=words.energy(f["energy"]),
        back=words.tokens(f["refunded"]),
    )


def _transfer(f: Mapping[str, Any], names: Names) -> Sentence:
    sender, receiver = f["from"], f["to"]
    says = N_("%(sender)s sent %(tokens)s to %(receiver)s.")
    if sender == NOBODY:
        says = N_("%(tokens)s were made for %(receiver)s.")
    elif receiver == NOBODY:
        says = N_("%(sender)s gave up %(tokens)s for good.")
    elif names.contracts.get(receiver.lower()) == MARKET:
        says = N_("%(sender)s put %(tokens)s into escrow.")
    elif names.contracts.get(sender.lower()) == MARKET:
        says = N_("%(tokens)s went from escrow to %(receiver)s.")
    return sentence(
        says, sender=names.who(sender), receiver=names.who(receiver), tokens=words.tokens(f["value"])
    )


def _approval(f: Mapping[str, Any], names: Names) -> Sentence:
    taken = N_("%(owner)s lets %(spender)s take up to %(tokens)s.")
    return sentence(
        taken if f["value"] else N_("%(owner)s's approval for %(spender)s is used up."),
        owner=names.who(f["owner"]),
        spender=names.who(f["spender"]),
        tokens=words.tokens(f["value"]),
    )


ADMITTED = (
    N_("%(who)s was admitted to the neighbourhood as a producer."),
    N_("%(who)s was admitted to the neighbourhood as a consumer."),
    N_("%(who)s was admitted to the neighbourhood as a prosumer."),
)
"""By the role's number in the registry."""


def _admitted(f: Mapping[str, Any], names: Names) -> Sentence:
    other = N_("%(who)s was admitted to the neighbourhood as a household.")
    says = ADMITTED[f["role"]] if f["role"] in (0, 1, 2) else other
    return sentence(says, who=Part(words.capital(f["name"]), f"/explorer/address/{f['account']}"))


EVENTS: Mapping[str, Callable[[Mapping[str, Any], Names], Sentence]] = {
    "OfferSet": _offer_set,
    "OrderFunded": _funded,
    "OrderPromoted": lambda f, n: sentence(
        N_("%(buyer)s's next order of %(energy)s from %(seller)s began."),
        buyer=n.who(f["buyer"]),
        energy=words.energy(f["energy"]),
        seller=n.who(f["seller"]),
    ),
    "OrderRedeemed": _redeemed,
    "OrderReleased": lambda f, n: sentence(
        N_("%(seller)s gave %(buyer)s's order back; %(tokens)s returned."),
        seller=n.who(f["seller"]),
        buyer=n.who(f["buyer"]),
        tokens=words.tokens(f["refunded"]),
    ),
    "CloseRequested": lambda f, n: sentence(
        N_("%(buyer)s asked %(seller)s to settle by block %(number)s."),
        buyer=n.who(f["buyer"]),
        seller=n.who(f["seller"]),
        number=f["reclaimFrom"],
    ),
    "OrderReclaimed": lambda f, n: sentence(
        N_("%(buyer)s took %(tokens)s back; %(seller)s had not settled."),
        buyer=n.who(f["buyer"]),
        tokens=words.tokens(f["refunded"]),
        seller=n.who(f["seller"]),
    ),
    "NewOrdersPaused": lambda f, n: sentence(
        N_("%(who)s paused new orders; those that run are settled as ever."), who=n.who(f["authority"])
    ),
    "NewOrdersResumed": lambda f, n: sentence(
        N_("%(who)s lets new orders be made again."), who=n.who(f["authority"])
    ),
    "MinterSet": lambda f, n: sentence(
        N_("%(who)s makes the neighbourhood's tokens from here on."), who=n.who(f["minter"])
    ),
    "Reported": lambda f, n: sentence(
        N_("%(who)s reported %(produced)s produced and %(consumed)s consumed."),
        who=n.who(f["household"]),
        produced=words.energy(f["produced"]),
        consumed=words.energy(f["consumed"]),
    ),
    "Transfer": _transfer,
    "Approval": _approval,
    "HouseholdAdmitted": _admitted,
    "HouseholdSuspended": lambda f, n: sentence(N_("%(who)s was suspended."), who=n.who(f["account"])),
    "OwnershipTransferStarted": lambda f, n: sentence(
        N_("%(who)s may become a contract's authority."), who=n.who(f["newOwner"])
    ),
    "OwnershipTransferred": lambda f, n: sentence(
        N_("%(who)s became a contract's authority."), who=n.who(f["newOwner"])
    ),
}
"""By the event's name."""


def _approve_and_call(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    try:
        order = OrderArgs.decode(f.get("data", b""))
    except UndecodableData:
        return sentence(
            N_("%(who)s let %(spender)s take %(tokens)s and called it."),
            who=names.who(sender),
            spender=names.who(f["spender"]),
            tokens=words.tokens(f["value"]),
        )
    return _buys(sender, order.seller, order.energy.mwh, f["value"], names)


def _buy(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    args = f["args"]
    return _buys(sender, args["seller"], args["energy"], args["energy"] * args["price"] // 1_000_000, names)


def _buys(buyer: str, seller: str, energy: int, cost: int, names: Names) -> Sentence:
    return sentence(
        N_("%(buyer)s buys %(energy)s from %(seller)s for at most %(tokens)s."),
        buyer=names.who(buyer),
        energy=words.energy(energy),
        seller=names.who(seller),
        tokens=words.tokens(cost),
    )


def _set_offer(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    return _offer_set({**f, "seller": sender}, names)


def _report(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    count = len(f["reports"])
    one, many = (
        N_("%(who)s reports %(num)s interval of its meters."),
        N_("%(who)s reports %(num)s intervals of its meters."),
    )
    return sentence(one if count == 1 else many, who=names.who(sender), num=count)


CALLS: Mapping[str, Callable[[Mapping[str, Any], str, Names], Sentence]] = {
    "approveAndCall": _approve_and_call,
    "buy": _buy,
    "setOffer": _set_offer,
    "redeem": lambda f, s, n: sentence(
        N_("%(who)s redeems a voucher for %(energy)s received."),
        who=n.who(s),
        energy=words.energy(f["voucher"]["energy"]),
    ),
    "release": lambda f, s, n: sentence(N_("%(who)s gives an order back to its buyer."), who=n.who(s)),
    "requestClose": lambda f, s, n: sentence(N_("%(who)s asks for an order to be settled."), who=n.who(s)),
    "reclaim": lambda f, s, n: sentence(
        N_("%(who)s takes back what a silent seller did not settle."), who=n.who(s)
    ),
    "report": _report,
    "transfer": lambda f, s, n: sentence(
        N_("%(who)s sends %(tokens)s to %(receiver)s."),
        who=n.who(s),
        tokens=words.tokens(f["value"]),
        receiver=n.who(f["to"]),
    ),
    "approve": lambda f, s, n: sentence(
        N_("%(owner)s lets %(spender)s take up to %(tokens)s."),
        owner=n.who(s),
        spender=n.who(f["spender"]),
        tokens=words.tokens(f["value"]),
    ),
    "mint": lambda f, s, n: sentence(
        N_("%(who)s makes %(tokens)s for %(receiver)s."),
        who=n.who(s),
        tokens=words.tokens(f["amount"]),
        receiver=n.who(f["to"]),
    ),
    "setMinter": lambda f, s, n: sentence(
        N_("%(who)s lets %(minter)s make the neighbourhood's tokens."),
        who=n.who(s),
        minter=n.who(f["account"]),
    ),
    "burn": lambda f, s, n: sentence(
        N_("%(who)s gives up %(tokens)s for good."), who=n.who(s), tokens=words.tokens(f["value"])
    ),
    "pauseOrders": lambda f, s, n: sentence(N_("%(who)s pauses new orders."), who=n.who(s)),
    "resumeOrders": lambda f, s, n: sentence(N_("%(who)s lets new orders be made again."), who=n.who(s)),
    "admit": lambda f, s, n: sentence(
        N_("%(who)s admits %(name)s to the neighbourhood."), who=n.who(s), name=words.capital(f["name"])
    ),
    "suspend": lambda f, s, n: sentence(
        N_("%(who)s suspends %(name)s."), who=n.who(s), name=n.who(f["account"])
    ),
}
"""By the function's name."""
