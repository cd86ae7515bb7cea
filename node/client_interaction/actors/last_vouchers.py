"""Last vouchers that their sellers could not be given when the supply ended, because the network was cut.

They were signed and kept when the supply ended; here they are handed over as they are. Nothing is signed for
anew: the tie's meter may have counted another order's energy since.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

import structlog

from node.client_interaction.actors.line import Line, RelayError
from node.client_interaction.acts import Done, Failed, HandOver, Outcome
from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.client_interaction.trades import Trades
from relay_server.messages import Code, Refused
from store.snapshot import boottime

log = structlog.get_logger()

AGAIN = 5.0
"""Seconds between two tries. Only a relay that has just answered is tried at all."""

PASSING = frozenset({Code.NOT_FUNDED, Code.STALE_CHAIN, Code.BUSY, Code.FAULT})
"""Refusals of a relay that has just been started, or whose disk is full: another try may do."""


class LastVouchers:
    """Those of one household's ended purchases."""

    def __init__(self, trades: Trades, sellers: Mapping[str, Line]) -> None:
        """Prepare.

        Args:
            trades: where vouchers are kept.
            sellers: their relays, by name.
        """
        self._trades = trades
        self._sellers = sellers
        self._over: set[str] = set()
        """Orders whose seller has the voucher, or does not want it."""
        self._try_at: dict[str, float] = {}

    def owed(self, trades: Sequence[Trade]) -> frozenset[str]:
        """The orders whose seller has not got their last voucher."""
        ended = (t for t in trades if t.side is Side.BUYER and t.state is TradeState.ENDED and t.voucher)
        return frozenset(trade.order for trade in ended if not self._done(trade))

    def deliverable(self, trades: Sequence[Trade], owed: Collection[str], now: float) -> frozenset[str]:
        """Those that can be handed over now.

        Args:
            trades: with those that are owed.
            owed: see `owed`.
            now: boottime seconds.
        """
        return frozenset(
            trade.order
            for trade in trades
            if trade.order in owed and now >= self._try_at.get(trade.order, 0.0) and self._answers(trade)
        )

    def hand_over(self, act: HandOver) -> Outcome:
        """Give the seller an order's last voucher, by the OPEN that it did not get."""
        trade = self._trades.get(act.order)
        line = None if trade is None else self._sellers.get(trade.partner)
        if trade is None or line is None:
            return Failed(act=act, why="this seller is no longer configured", hopeless=True)
        self._try_at[act.order] = boottime() + AGAIN
        order, voucher = bytes.fromhex(act.order.removeprefix("0x")), bytes.fromhex(trade.voucher)
        energy = trade.vouchered.mwh
        try:
            answer = line.command(lambda relay: relay.open(order, trade.contact, energy, voucher))
        except RelayError as error:
            return Failed(act=act, why=str(error), retry=AGAIN)
        if isinstance(answer, Refused):
            hopeless = answer.code not in PASSING
            if hopeless:
                self._over.add(act.order)
            log.info("last-voucher-refused", order=act.order, code=str(answer.code), text=answer.text)
            return Failed(act=act, why=answer.text or str(answer.code), retry=AGAIN, hopeless=hopeless)
        self._over.add(act.order)
        text = f"{energy} mWh, when the seller could be reached again"
        step = Step(name="feed-opened", at=time.time(), kind=Proof.VOUCHER, proof=voucher.hex(), text=text)
        self._trades.step(act.order, step)
        log.info("last-voucher-handed-over", order=act.order, seller=trade.partner, voucher_mwh=energy)
        line.look()
        return Done(act=act)

    def _done(self, trade: Trade) -> bool:
        gone = trade.partner not in self._sellers
        if trade.order not in self._over and (gone or self._trades.handed_over(trade.order)):
            self._over.add(trade.order)
        return trade.order in self._over

    def _answers(self, trade: Trade) -> bool:
        line = self._sellers.get(trade.partner)
        return line is not None and line.watched.answers
