"""How much to buy: what lifts the battery, within what may be spent and what is offered."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.bindings import Offer
from node.client_interaction.situation import Chain, Policy, Situation
from node.client_interaction.trade import Side, TradeState
from quantities import Energy, SoC, Tokens


@dataclass(frozen=True, kw_only=True)
class Purse:
    """What may be spent now."""

    balance: Tokens
    budget: Tokens
    """What is left of the day's."""

    @property
    def most(self) -> Tokens:
        """The lesser of the two, never below nothing."""
        return max(min(self.balance, self.budget), Tokens(0))

    @property
    def limited_by(self) -> str:
        """Which of the two it is, as words."""
        return "balance" if self.balance <= self.budget else "daily budget"


def purse(s: Situation, chain: Chain, policy: Policy) -> Purse:
    """Balance and budget, with orders and transfers that the chain has not taken yet counted as spent."""
    balance = chain.balance - s.wishes.outgoing
    for trade in s.trades:
        if trade.side is Side.BUYER and trade.state is TradeState.PLANNED:
            balance -= trade.cost
    return Purse(balance=balance, budget=policy.trading.daily_budget - s.spent)


@dataclass(frozen=True, kw_only=True)
class NotEnough:
    """No order can be made of it."""

    why: str
    """A clause."""


def wanted(soc: SoC, policy: Policy) -> Energy:
    """(resume − SoC) · capacity + delta."""
    return soc.below(policy.trading.resume, policy.capacity) + policy.trading.delta


def amount(
    soc: SoC, policy: Policy, offer: Offer, purse: Purse, asked: Energy | None = None
) -> Energy | NotEnough:
    """The energy to order at this offer.

    Capped by balance, daily budget and the offer's most; refused when the caps leave less than its least.

    Args:
        asked: for by the household: that, or nothing; None: what lifts the battery.
    """
    affordable = offer.price.affords(purse.most) if offer.price.value else offer.max_energy
    energy = min(asked or wanted(soc, policy), offer.max_energy, affordable)
    least = max(offer.min_energy, asked or Energy(1))
    if energy >= least:
        return energy
    if affordable < least:
        what = "the least, " if asked is None else ""
        return NotEnough(why=f"the {purse.limited_by} of {purse.most} pays for less than {what}{least}")
    if asked is not None and asked > offer.max_energy:
        return NotEnough(why=f"sells at most {offer.max_energy} an order")
    return NotEnough(why=f"less is needed than the least that is sold, {least}")
