"""What becomes of orders, seen from journal and chain: confirmed, settled, closed and reclaimed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.bindings import Offer, Order, State
from node.client_interaction.acts import Act, HandOver, Reclaim, RequestClose, purpose
from node.client_interaction.behaviour import Conduct
from node.client_interaction.situation import Situation
from node.client_interaction.trade import Side, Trade, TradeState
from node.wallet.journal import Entry, Stage
from quantities import Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings

HAND_OVER_WITHIN = 600.0
"""Seconds for which a last voucher that could not be handed over keeps an order open: as long as a seller
waits for it (`offers.redeem_idle`)."""

BEGINNING = frozenset({TradeState.PLANNED, TradeState.ORDERED})


@dataclass(frozen=True, kw_only=True)
class Advance:
    """A trade comes to another state."""

    state: TradeState
    paid: Tokens | None = None
    refunded: Tokens | None = None
    why: str = ""
    """A sentence, where the state does not say it."""


def advance(
    trade: Trade, entry: Entry | None, on_chain: Order | None, offer: Offer | None = None
) -> Advance | None:
    """What journal and chain have made of a trade; None: nothing new.

    Args:
        entry: of the purchase, in the journal; None on the seller's side.
        on_chain: at confirmation depth; None: not read.
        offer: of the seller, now.

    A supplied order that is over on the chain does not advance here: the household goes home first.
    """
    if trade.final:
        return None
    beginning = trade.state in BEGINNING
    # An ended order that the chain does not have was lost in a reorganisation, and not made in its place.
    unmade = beginning or (trade.state is TradeState.ENDED and on_chain is None)
    if unmade and entry is not None and entry.stage is Stage.FAILED:
        return Advance(state=TradeState.FAILED, why=_not_made(trade, entry, offer))
    if on_chain is not None and not on_chain.state.live:
        running = trade.side is Side.BUYER and trade.state in (TradeState.CONFIRMED, TradeState.SUPPLIED)
        return None if running else settled(trade, on_chain)
    if beginning and on_chain is not None:
        return Advance(state=TradeState.CONFIRMED)
    mined = entry is not None and entry.stage is Stage.MINED
    return Advance(state=TradeState.ORDERED) if mined and trade.state is TradeState.PLANNED else None


def _not_made(trade: Trade, entry: Entry, offer: Offer | None) -> str:
    """Why a purchase came to nothing, as a sentence."""
    name = trade.partner.capitalize()
    if "reverted" not in entry.error:
        return f"The order was not made: {entry.error}."
    if offer is None or not offer.max_energy:
        return f"{name} withdrew its offer before the order was in a block."
    if offer.price != trade.price:
        return f"{name} changed its price to {offer.price} before the order was in a block."
    if offer.open is not None:
        return f"{name} sold to somebody else before the order was in a block."
    return f"The market refused the order to {name}: {entry.error}."


def conduct(trade: Trade, step: Advance, asked: frozenset[str], known: frozenset[Conduct]) -> Conduct | None:
    """What the end of a purchase says of its seller; None: nothing that is not known yet.

    Args:
        step: to the final state.
        asked: purposes that are under way or done.
        known: what the seller did with this order so far.
    """
    if trade.side is not Side.BUYER:
        return None
    match step.state:
        case TradeState.FAILED if trade.state in BEGINNING:
            return Conduct.REVERTED
        case TradeState.SETTLED if purpose("close", trade.order) in asked:
            return Conduct.LATE
        case TradeState.SETTLED if not known or (known == {Conduct.CURTAILED} and _most(trade)):
            return Conduct.SUPPLIED
        case TradeState.REFUNDED if trade.vouchered and purpose("reclaim", trade.order) in asked:
            return Conduct.UNSETTLED
    return None


def _most(trade: Trade) -> bool:
    """Whether at least half of what was bought was received."""
    return trade.vouchered.mwh * 2 >= trade.energy.mwh


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


def handings_over(s: Situation) -> Iterator[Act]:
    """The last vouchers that a cut kept from their sellers, as long as these can be paid by them."""
    if s.stopping:
        return
    for trade in s.trades:
        on_chain = s.on_chain.get(trade.order)
        live = on_chain is None or on_chain.state.live
        if trade.state is TradeState.ENDED and trade.order in s.deliverable and live:
            yield HandOver(order=trade.order)


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
            if trade.order in s.owed:  # at the request the seller redeems what it has, and that is too little
                patience = max(patience, HAND_OVER_WITHIN)
            if s.wall - trade.changed >= patience and purpose("close", trade.order) not in s.asked:
                yield RequestClose(order=trade.order)
