"""Situations made by hand: a household at home and one seller; to be changed where it matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts.bindings import Offer, Order, State
from node.client_interaction.behaviour import Conduct, Deed
from node.client_interaction.settings import TradingSettings
from node.client_interaction.situation import Battery, Chain, Lease, Meter, Policy, Seller, Situation
from node.client_interaction.trade import Side, Trade, TradeState
from quantities import Energy, Price, SoC, Tokens

ALDER, CEDAR, BIRCH = ("0x" + digit * 40 for digit in "acb")
PRICE = Price.parse("0.25")
POLICY = Policy(trading=TradingSettings(), capacity=Energy(3_000))
NOW, WALL = 1_000.0, 1_700_000_000.0
ORDER, SUCCESSOR = "0x" + "01" * 32, "0x" + "02" * 32


def offer(**changes: Any) -> Offer:
    fields: dict[str, Any] = {
        "seller": ALDER, "contact": 1, "price": PRICE, "min_energy": Energy(1), "max_energy": Energy(5_000),
        "valid_until": 10_000, "open": None, "next": None,
    }  # fmt: skip
    return Offer(**{**fields, **changes})


def seller(name: str = "alder", **changes: Any) -> Seller:
    fields: dict[str, Any] = {
        "name": name, "account": ALDER, "contact": 1, "channel": 11, "offer": offer(), "admitted": True,
    }  # fmt: skip
    return Seller(**{**fields, **changes})


def deed(what: Conduct, ago: float = 0.0, why: str = "it went silent", account: str = ALDER) -> Deed:
    """Of some seconds ago."""
    return Deed(account=account, order=ORDER, what=what, at=WALL - ago, why=why)


def battery(percent: float, age: float = 0.5) -> Battery:
    return Battery(soc=SoC(round(percent * 100)), age=age)


def chain(**changes: Any) -> Chain:
    fields: dict[str, Any] = {"head": 100, "balance": Tokens.parse(100), "period": 1.0, "depth": 1}
    return Chain(**{**fields, **changes})


def situation(**changes: Any) -> Situation:
    fields: dict[str, Any] = {
        "now": NOW, "wall": WALL, "battery": battery(80), "chain": chain(), "sellers": (seller(),),
    }  # fmt: skip
    return Situation(**{**fields, **changes})


def trade(state: TradeState = TradeState.CONFIRMED, **changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "order": ORDER, "side": Side.BUYER, "market": "0x" + "cc" * 20, "partner": "alder", "account": ALDER,
        "contact": 1, "energy": Energy(1_000), "price": PRICE, "cost": PRICE.cost(Energy(1_000)),
        "created": WALL, "changed": WALL, "channel": 11, "reason": "because the battery fell to 19 %",
        "baseline": 500 if state is TradeState.SUPPLIED else None,
    }  # fmt: skip
    return Trade(**{**fields, "state": state, **changes})


def on_chain(state: State = State.OPEN, of: Trade | None = None, **changes: Any) -> Order:
    t = of or trade()
    fields: dict[str, Any] = {
        "id": bytes.fromhex(t.order[2:]), "buyer": BIRCH, "seller": ALDER, "contact": 1, "energy": t.energy,
        "price": t.price, "state": state, "supply_end": 200, "reclaim_from": None, "paid_energy": Energy(0),
    }  # fmt: skip
    return Order(**{**fields, **changes})


def supplied(**changes: Any) -> Situation:
    """Tied for a while: 300 of 1,000 mWh received, both leases held, the battery not yet full enough."""
    current = trade(TradeState.SUPPLIED)
    fields: dict[str, Any] = {
        "battery": battery(40), "trades": (current,), "on_chain": {ORDER: on_chain()},
        "meter": Meter(forward=800, power=20_000, sampled=NOW - 0.5),
        "feed": Lease(granted=NOW - 1, until=NOW + 100), "tie": Lease(granted=NOW - 1),
    }  # fmt: skip
    return situation(**{**fields, **changes})


def policy(**changes: Any) -> Policy:
    return replace(POLICY, trading=TradingSettings(**changes))
