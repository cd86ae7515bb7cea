"""What becomes of orders, seen from journal and chain: confirmed, settled, closed and reclaimed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.bindings import Order, State
from node.client_interaction.acts import Act, Reclaim, RequestClose, purpose
from node.client_interaction.situation import Situation
from node.client_interaction.trade import Side, Trade, TradeState
from node.wallet.journal import Entry, Stage
from quantities import Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings

BEGINNING = frozenset({TradeState.PLANNED, TradeState.ORDERED})


@dataclass(frozen=True, kw_only=True)
class Advance:
    """A trade comes to another state."""

    state: TradeState
    paid: Tokens | None = None
    refunded: Tokens | None = None
    why: str = ""
    """A sentence, where the state does not say it."""


def advance(trade: Trade, entry: Entry | None, on_chain: Order | None) -> Advance | None:
    """What journal and chain have made of a trade; None: nothing new.

    Args:
        entry: of the purchase, in the journal; None on the seller's side.
        on_chain: at confirmation depth; None: not read.

    A supplied order that is over on the chain does not advance here: the household goes home first.
    """
    if trade.final:
        return None
    undone = trade.state is TradeState.ENDED and on_chain is None  # by a reorganisation
    if (trade.state in BEGINNING or undone) and entry is not None and entry.stage is Stage.FAILED:
        return Advance(state=TradeState.FAILED, why=f"The order was not made: {entry.error}.")
    if on_chain is not None and not on_chain.state.live:
        running = trade.side is Side.BUYER and trade.state in (TradeState.CONFIRMED, TradeState.SUPPLIED)
        return None if running else settled(trade, on_chain)
    if trade.state in BEGINNING and on_chain is not None:
        return Advance(state=TradeState.CONFIRMED)
    if trade.state is TradeState.PLANNED and entry is not None and entry.stage is Stage.MINED:
        return Advance(state=TradeState.ORDERED)
    return None


def settled(trade: Trade, on_chain: Order) -> Advance:
    """What an order that is over on the chain paid and gave back: exactly the contract's figures."""
    match on_chain.state:
        case State.REDEEMED:
            return Advance(state=TradeState.SETTLED, paid=on_chain.paid, refunded=on_chain.refunded)
        case State.RELEASED:
            why = "The seller gave the order back."
        case _:
            why = "The order was taken back: the seller did not settle it."
    return Advance(state=TradeState.REFUNDED, paid=Tokens(0), refunded=on_chain.refunded, why=why)


def settlements(s: Situation, trading: TradingSettings) -> Iterator[Act]:
    """What to do about ended orders that the seller does not settle."""
    if s.chain is None or s.chain.trouble or s.stopping:
        return
    for trade in s.trades:
        on_chain = s.on_chain.get(trade.order)
        if trade.side is not Side.BUYER or trade.state is not TradeState.ENDED or on_chain is None:
            continue
        if on_chain.state is State.CLOSING:
            if (
                s.chain.head >= (on_chain.reclaim_from or 0)
                and purpose("reclaim", trade.order) not in s.asked
            ):
                yield Reclaim(order=trade.order)
        elif on_chain.state in (State.OPEN, State.WAITING):
            # An order that nothing was signed for gives the seller nothing to wait for.
            patience = trading.settle_within if trade.vouchered else 0.0
            if s.wall - trade.changed >= patience and purpose("close", trade.order) not in s.asked:
                yield RequestClose(order=trade.order)
