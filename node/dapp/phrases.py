"""Calls and events of our contracts as sentences, with a link at each name: pure.

`say_event` and `say_call` know what the neighbourhood's contracts do; what they do not know keeps its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.bindings.market import OrderArgs
from contracts.codec import Decoded
from contracts.errors import UndecodableData
from node.dapp import words

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
        name = self.households.get(key) or self.contracts.get(key) or words.short(address)
        return Part(name, f"/explorer/address/{address}")


def sentence(*pieces: str | Part) -> Sentence:
    """A sentence of texts and names, with a capital at its start."""
    parts = [piece if isinstance(piece, Part) else Part(piece) for piece in pieces if piece]
    return (Part(words.capital(parts[0].text), parts[0].link), *parts[1:]) if parts else ()


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
            names.who(sender),
            f" called {_spaced(call.name).lower()} of the {_spaced(call.contract).lower()}.",
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
        return Part("; ".join(say_value(name, part, names).text for part in value) or "none")
    return Part(_number(name, value) if type(value) is int else str(value))


def _number(name: str, value: int) -> str:
    if name in ENERGIES:
        return words.energy(value)
    if name in MONEY:
        return words.tokens(value)
    if name == "price":
        return words.price(value)
    return f"block {value}" if name in BLOCKS and value else str(value)


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
    """An argument's name in words: "orderId" is "order id"."""
    return _spaced(name).lower()


def _spaced(name: str) -> str:
    return words.capital("".join(f" {c.lower()}" if c.isupper() else c for c in name).strip())


def _offer_set(f: Mapping[str, Any], names: Names) -> Sentence:
    if not f["maxEnergy"]:
        return sentence(names.who(f["seller"]), f" offers nothing more at contact {f['contact']}.")
    return sentence(
        names.who(f["seller"]),
        f" offers up to {words.energy(f['maxEnergy'])} an order at {words.price(f['price'])}.",
    )


def _funded(f: Mapping[str, Any], names: Names) -> Sentence:
    waits = "" if f["supplyEnd"] else " It waits behind the running one."
    return sentence(
        names.who(f["buyer"]),
        f" ordered {words.energy(f['energy'])} from ",
        names.who(f["seller"]),
        f" and set {words.tokens(f['cost'])} aside.{waits}",
    )


def _redeemed(f: Mapping[str, Any], names: Names) -> Sentence:
    back = f"; {words.tokens(f['refunded'])} came back" if f["refunded"] else ""
    return sentence(
        names.who(f["buyer"]),
        f" paid {words.tokens(f['paid'])} to ",
        names.who(f["seller"]),
        f" for {words.energy(f['energy'])} received{back}.",
    )


def _transfer(f: Mapping[str, Any], names: Names) -> Sentence:
    sender, receiver = f["from"], f["to"]
    if sender == NOBODY:
        return sentence(f"{words.tokens(f['value'])} were made for ", names.who(receiver), ".")
    if receiver == NOBODY:
        return sentence(names.who(sender), f" gave up {words.tokens(f['value'])} for good.")
    if names.contracts.get(receiver.lower()) == "the market":
        return sentence(names.who(sender), f" put {words.tokens(f['value'])} into escrow.")
    if names.contracts.get(sender.lower()) == "the market":
        return sentence(f"{words.tokens(f['value'])} went from escrow to ", names.who(receiver), ".")
    return sentence(names.who(sender), f" sent {words.tokens(f['value'])} to ", names.who(receiver), ".")


def _approval(f: Mapping[str, Any], names: Names) -> Sentence:
    if not f["value"]:
        return sentence(names.who(f["owner"]), "'s approval for ", names.who(f["spender"]), " is used up.")
    return sentence(
        names.who(f["owner"]), " lets ", names.who(f["spender"]), f" take up to {words.tokens(f['value'])}."
    )


def _admitted(f: Mapping[str, Any], names: Names) -> Sentence:
    role = ("producer", "consumer", "prosumer")[f["role"]] if f["role"] in (0, 1, 2) else "household"
    who = Part(words.capital(f["name"]), f"/explorer/address/{f['account']}")
    return sentence(who, f" was admitted to the neighbourhood as a {role}.")


EVENTS: Mapping[str, Callable[[Mapping[str, Any], Names], Sentence]] = {
    "OfferSet": _offer_set,
    "OrderFunded": _funded,
    "OrderPromoted": lambda f, n: sentence(
        n.who(f["buyer"]),
        f"'s next order of {words.energy(f['energy'])} from ",
        n.who(f["seller"]),
        " began.",
    ),
    "OrderRedeemed": _redeemed,
    "OrderReleased": lambda f, n: sentence(
        n.who(f["seller"]),
        " gave ",
        n.who(f["buyer"]),
        f"'s order back; {words.tokens(f['refunded'])} returned.",
    ),
    "CloseRequested": lambda f, n: sentence(
        n.who(f["buyer"]), " asked ", n.who(f["seller"]), f" to settle by block {f['reclaimFrom']}."
    ),
    "OrderReclaimed": lambda f, n: sentence(
        n.who(f["buyer"]),
        f" took {words.tokens(f['refunded'])} back; ",
        n.who(f["seller"]),
        " had not settled.",
    ),
    "NewOrdersPaused": lambda f, n: sentence(
        n.who(f["authority"]), " paused new orders; those that run are settled as ever."
    ),
    "NewOrdersResumed": lambda f, n: sentence(n.who(f["authority"]), " lets new orders be made again."),
    "MinterSet": lambda f, n: sentence(n.who(f["minter"]), " makes the neighbourhood's tokens from here on."),
    "Reported": lambda f, n: sentence(
        n.who(f["household"]),
        f" reported {words.energy(f['produced'])} produced and {words.energy(f['consumed'])} consumed.",
    ),
    "Transfer": _transfer,
    "Approval": _approval,
    "HouseholdAdmitted": _admitted,
    "HouseholdSuspended": lambda f, n: sentence(n.who(f["account"]), " was suspended."),
    "OwnershipTransferStarted": lambda f, n: sentence(
        n.who(f["newOwner"]), " may become a contract's authority."
    ),
    "OwnershipTransferred": lambda f, n: sentence(n.who(f["newOwner"]), " became a contract's authority."),
}
"""By the event's name."""


def _approve_and_call(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    try:
        order = OrderArgs.decode(f.get("data", b""))
    except UndecodableData:
        return sentence(
            names.who(sender),
            " let ",
            names.who(f["spender"]),
            f" take {words.tokens(f['value'])} and called it.",
        )
    return _buys(sender, order.seller, order.energy.mwh, f["value"], names)


def _buy(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    args = f["args"]
    return _buys(sender, args["seller"], args["energy"], args["energy"] * args["price"] // 1_000_000, names)


def _buys(buyer: str, seller: str, energy: int, cost: int, names: Names) -> Sentence:
    return sentence(
        names.who(buyer),
        f" buys {words.energy(energy)} from ",
        names.who(seller),
        f" for at most {words.tokens(cost)}.",
    )


def _set_offer(f: Mapping[str, Any], sender: str, names: Names) -> Sentence:
    return _offer_set({**f, "seller": sender}, names)


CALLS: Mapping[str, Callable[[Mapping[str, Any], str, Names], Sentence]] = {
    "approveAndCall": _approve_and_call,
    "buy": _buy,
    "setOffer": _set_offer,
    "redeem": lambda f, s, n: sentence(
        n.who(s), f" redeems a voucher for {words.energy(f['voucher']['energy'])} received."
    ),
    "release": lambda f, s, n: sentence(n.who(s), " gives an order back to its buyer."),
    "requestClose": lambda f, s, n: sentence(n.who(s), " asks for an order to be settled."),
    "reclaim": lambda f, s, n: sentence(n.who(s), " takes back what a silent seller did not settle."),
    "report": lambda f, s, n: sentence(
        n.who(s), f" reports {words.counted(len(f['reports']), 'interval', 'intervals')} of its meters."
    ),
    "transfer": lambda f, s, n: sentence(
        n.who(s), f" sends {words.tokens(f['value'])} to ", n.who(f["to"]), "."
    ),
    "approve": lambda f, s, n: sentence(
        n.who(s), " lets ", n.who(f["spender"]), f" take up to {words.tokens(f['value'])}."
    ),
    "mint": lambda f, s, n: sentence(
        n.who(s), f" makes {words.tokens(f['amount'])} for ", n.who(f["to"]), "."
    ),
    "setMinter": lambda f, s, n: sentence(
        n.who(s), " lets ", n.who(f["account"]), " make the neighbourhood's tokens."
    ),
    "burn": lambda f, s, n: sentence(n.who(s), f" gives up {words.tokens(f['value'])} for good."),
    "pauseOrders": lambda f, s, n: sentence(n.who(s), " pauses new orders."),
    "resumeOrders": lambda f, s, n: sentence(n.who(s), " lets new orders be made again."),
    "admit": lambda f, s, n: sentence(n.who(s), f" admits {words.capital(f['name'])} to the neighbourhood."),
    "suspend": lambda f, s, n: sentence(n.who(s), " suspends ", n.who(f["account"]), "."),
}
"""By the function's name."""
