"""The *Now* page as a flat table of short texts and attributes: drawn by the server, kept live by its keys.

Pure: what was observed goes in, what is shown comes out. Every value is a string; a key that ends in `_class`
is a class of an element, one that ends in a number's name an attribute, everything else a text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from node.client_interaction.status import State
from node.dapp import words
from node.dapp.flows import Flow, Flows, Way, flows
from node.dapp.household import Household
from node.dapp.language import N_, ngettext
from node.dapp.language import gettext as _
from node.dapp.purse import Purse
from node.dapp.sources import (
    STALE_METER,
    STALE_PROCESS,
    Chain,
    Observation,
    Standing,
    Trading,
    standing,
)
from node.dapp.told import told

Picture = Mapping[str, str]

RING = 2 * math.pi * 54
"""Length of the gauge's ring, of radius 54, in the drawing's units."""


def picture(
    household: Household, seen: Observation, purse: Purse | None, outlook: str = ""
) -> dict[str, str]:
    """Everything that the page shows of this moment; `outlook` is a sentence about the tokens, or nothing."""
    arms = flows(household, seen)
    return {
        **_sentence(household, seen),
        **_battery(household, seen),
        **_arm("panel", arms.panel, _("making"), _("drawing")),
        **_arm("battery", arms.battery, _("giving"), _("charging")),
        **_arm("neighbours", arms.neighbours, _("giving"), _("taking")),
        **_arm("house", arms.house, _("feeding back"), _("using")),
        "neighbours_label": _partners(household, seen, arms),
        "flow_words": _in_words(arms, household, seen),
        **_money(household, seen, purse),
        "outlook": told(outlook),
        **_chain(seen.chain, seen.unix),
    }


def headline(household: Household, trading: Trading | None) -> str:
    """The state in a few words."""
    if trading is None:
        return _("Trading is not running")
    status = trading.status
    seller = words.capital(status.seller or _("a neighbour"))
    at_home = _("At home, on its own battery") if household.battery else _("At home, on its own energy")
    return {
        State.HOME: at_home,
        State.BUYING: _("Buying from %(seller)s", seller=seller),
        State.SUPPLIED: _("Supplied by %(seller)s", seller=seller),
        State.RETURNING: _("Going home"),
        State.NO_SUPPLY: _("No supply from neighbours"),
        State.FAULT: _("Fault"),
        State.OFF: _("Trading is off"),
    }[status.state]


def _sentence(household: Household, seen: Observation) -> dict[str, str]:
    trading = seen.trading
    if trading is None:
        return {
            "headline": headline(household, None),
            "reason": _("Nothing is bought or sold until it is started: commonwatt client-interaction run."),
            "next": "",
            "since": _("not running"),
            "state_class": "state absent",
            "trade_link": "",
        }
    status, stale = trading.status, trading.age > STALE_PROCESS
    title = headline(household, trading)
    return {
        "headline": title,
        "reason": _because(title, told(status.reason)),
        "next": _("Last heard of %(ago)s: client-interaction may have stopped.", ago=words.ago(trading.age))
        if stale
        else words.capital(told(status.next)),
        "since": _("since %(time)s", time=words.clock(status.since, seen.unix)),
        "state_class": f"state {'stale' if stale else status.state}",
        "trade_link": f"/trades/{status.order}" if status.order else "",
    }


def _because(title: str, reason: str) -> str:
    """The reason without what the headline above it has said already."""
    return words.capital(reason.removeprefix(f"{title}, "))


def _battery(household: Household, seen: Observation) -> dict[str, str]:
    battery = seen.battery
    if battery is None:
        return {
            "soc": "–",
            "soc_arc": f"0 {RING:.1f}",
            "soc_class": "gauge absent",
            "soc_note": _("The logger has not published the battery yet.")
            if household.battery
            else _("No battery is configured."),
            "soc_voltage": "",
        }
    stale = battery.age > STALE_METER
    filled = RING * battery.soc / 10_000
    low = household.limit is not None and battery.soc < household.limit.value
    return {
        "soc": words.percent(battery.soc),
        "soc_arc": f"{filled:.1f} {RING:.1f}",
        "soc_class": f"gauge {'stale' if stale else 'low' if low else 'fine'}",
        "soc_note": _("as it was %(ago)s", ago=words.ago(battery.age))
        if stale
        else _stored(household, battery.soc),
        "soc_voltage": words.amount(f"{battery.voltage / 1_000:.2f} V") if battery.voltage else "",
    }


def _stored(household: Household, soc: int) -> str:
    if household.capacity is None:
        return ""
    whole = household.capacity.mwh
    stored = words.energy(whole * soc // 10_000)
    return _("%(stored)s of %(capacity)s", stored=stored, capacity=words.energy(whole))


def _arm(name: str, flow: Flow | None, inwards: str, outwards: str) -> dict[str, str]:
    """One arm of the diagram: watts, what it does, and how its line looks."""
    if flow is None:
        return {f"{name}_watts": "", f"{name}_does": "", f"{name}_class": "arm none"}
    if flow.power is None:
        return {f"{name}_watts": "–", f"{name}_does": _("no reading"), f"{name}_class": "arm unknown"}
    if flow.stale:
        does = _("%(age)s old", age=words.lasting(flow.age))
    else:
        does = {Way.IN: inwards, Way.OUT: outwards, Way.IDLE: _("idle"), Way.UNKNOWN: ""}[flow.way]
    speed = 1 + min(int(math.log10(max(abs(flow.power), 1_000) / 1_000)), 2)
    return {
        f"{name}_watts": words.watts(flow.power if abs(flow.power) >= 50 else 0),
        f"{name}_does": does,
        f"{name}_class": f"arm {'stale' if flow.stale else f'{flow.way} speed-{speed}'}",
    }


def _partners(household: Household, seen: Observation, arms: Flows) -> str:
    """Who is on the other end of the wires that carry something."""
    giving = [line.neighbour for line, flow in arms.lines if flow.way is Way.IN and line.neighbour]
    status = seen.trading.status if seen.trading else None
    if not giving and status and status.seller and status.state in (State.SUPPLIED, State.RETURNING):
        giving = [status.seller]
    if giving:
        return words.listed([words.capital(name) for name in dict.fromkeys(giving)])
    return _("Neighbours") if len(household.ties) + len(household.feeds) != 1 else _("Neighbour")


def _in_words(arms: Flows, household: Household, seen: Observation) -> str:
    """The diagram as a sentence, for those who do not see it."""
    parts = []
    who = _partners(household, seen, arms)
    for inwards, outwards, flow in (
        (N_("the panel makes %(power)s"), N_("the panel draws %(power)s"), arms.panel),
        (N_("the battery gives %(power)s"), N_("the battery takes %(power)s"), arms.battery),
        (N_("%(who)s gives %(power)s"), N_("neighbours take %(power)s"), arms.neighbours),
        (N_("the house gives %(power)s"), N_("the house uses %(power)s"), arms.house),
    ):
        if flow is not None and flow.power is not None and flow.way in (Way.IN, Way.OUT):
            says = inwards if flow.way is Way.IN else outwards
            parts.append(_(says, power=words.watts(flow.power), who=who))
    return words.capital(words.listed(parts)) + "." if parts else _("Nothing flows, or nothing is known to.")


def _money(household: Household, seen: Observation, purse: Purse | None) -> dict[str, str]:
    status = seen.trading.status if seen.trading else None
    balance = words.tokens(int(status.balance)) if status and status.balance is not None else "–"
    escrow = int(status.escrow) if status and status.escrow else 0
    old = seen.trading is not None and seen.trading.age > STALE_PROCESS
    shown = {
        "balance": balance,
        "balance_class": "figure stale" if old else "figure",
        "escrow": _("%(tokens)s set aside for running orders", tokens=words.tokens(escrow)) if escrow else "",
        "spent": "–",
        "spent_share": "0",
        "spent_note": "",
        "earned": "",
    }
    if status is not None and status.balance is None:
        shown["escrow"] = _("The chain does not answer, so the balance is not known.")
    if purse is None:
        return shown
    budget = household.budget.value if household.budget else 0
    shown["spent"] = words.tokens(purse.spent.value)
    if budget:
        shown["spent_share"] = str(min(100 * purse.spent.value // budget, 100))
        shown["spent_note"] = _("of %(tokens)s a day", tokens=words.tokens(budget))
    earned = words.tokens(purse.earned.value)
    shown["earned"] = _("%(tokens)s earned today", tokens=earned) if purse.earned else ""
    return shown


def _chain(chain: Chain | None, now: float) -> dict[str, str]:
    if chain is None:
        return {
            "chain": _("Not running"),
            "chain_note": _("This household's chain node has not published its state: commonwatt chain run."),
            "chain_height": "–",
            "chain_head": "–",
            "chain_peers": "–",
            "chain_signers": "–",
            "chain_class": "health absent",
        }
    late = now - chain.head_time
    stands = standing(chain, now)
    note = {
        Standing.SILENT: _(
            "Last heard of %(ago)s: the chain node may have stopped.", ago=words.ago(chain.age)
        ),
        Standing.SYNCING: _("Catching up with the neighbours' blocks; trading waits for it."),
        Standing.STALLED: _(
            "No new block for %(time)s: too few signers may be on line.", time=words.lasting(late)
        ),
        Standing.ALONE: _("No neighbour's node is connected; look at the network."),
        Standing.FINE: _("Blocks arrive as they should."),
    }[stands]
    health = {Standing.FINE: "fine", Standing.SILENT: "stale"}.get(stands, "late")
    return {
        "chain": {"fine": _("In step"), "late": _("Behind"), "stale": _("Silent")}[health],
        "chain_note": note,
        "chain_height": words.grouped(chain.height),
        "chain_head": words.ago(max(late, 0)),
        "chain_peers": ngettext("%(num)s neighbour", "%(num)s neighbours", chain.peers),
        "chain_signers": _signers(chain),
        "chain_class": f"health {health}",
    }


def _signers(chain: Chain) -> str:
    if chain.sealing:
        return ngettext("%(num)s signer, we too", "%(num)s signers, we too", chain.signers)
    return ngettext("%(num)s signer", "%(num)s signers", chain.signers)


def gauge_marks(household: Household) -> dict[str, tuple[float, float, float, float]]:
    """Where limit and resume cross the gauge's ring: x1, y1, x2, y2 in the drawing's units."""
    marks = {}
    for name, soc in (
        ("limit", household.limit),
        ("resume", household.resume),
        ("reserve", household.reserve),
    ):
        if soc is not None:
            turn = 2 * math.pi * soc.value / 10_000 - math.pi / 2
            marks[name] = tuple(
                round(70 + radius * part, 1)
                for radius in (46, 62)
                for part in (math.cos(turn), math.sin(turn))
            )
    return marks  # type: ignore[return-value]  # four numbers, by construction
