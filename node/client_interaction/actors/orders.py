"""Orders on their way through journal and chain: made, followed, ended, closed, reclaimed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from chain.keys import Account
from chain.transactions import Call, Fees
from contracts.bindings import Market, OrderArgs, Token
from contracts.manifest import Manifest
from node.client_interaction.actors.ledger import News
from node.client_interaction.acts import Buy, Done, Finish, Outcome, Reclaim, RequestClose, purpose
from node.client_interaction.behaviour import Conduct, Deed
from node.client_interaction.deeds import Deeds
from node.client_interaction.settlement import BEGINNING, Advance, advance, conduct
from node.client_interaction.trade import FINAL, Proof, Side, Step, Trade, TradeState
from node.client_interaction.trades import Trades
from node.wallet.credit import Purse, refused
from node.wallet.errors import AlreadyIntended
from node.wallet.journal import Entry, Journal

log = structlog.get_logger()

GAS = {
    "buy": 400_000,
    "redeem": 250_000,
    "release": 200_000,
    "close": 150_000,
    "reclaim": 200_000,
    "offer": 200_000,
    "send": 100_000,
    "revoke": 100_000,
}
"""Limits of each kind of transaction; about half of it is used."""


def beyond_credit(news: News, what: str, times: int = 1) -> str:
    """Why the gas credit does not allow so many optional transactions, as a sentence; empty: it does."""
    fees = Fees()
    why = refused(Purse(balance=news.credit), times * GAS[what] * fees.maximum, fees)
    return f"{why[:1].upper()}{why[1:]}: ask the neighbourhood's operator for more." if why else ""


class Orders:
    """What the household buys."""

    def __init__(
        self,
        trades: Trades,
        deeds: Deeds,
        journal: Journal,
        account: Account,
        contracts: Callable[[], Manifest],
    ) -> None:
        """Use the household's books. An order is made in the market that is current then, and ends there."""
        self._trades = trades
        self._deeds = deeds
        self._journal = journal
        self._account = account
        self._contracts = contracts

    def buy(self, act: Buy) -> Outcome:
        """As `bought`."""
        self.bought(act)
        return Done(act=act)

    def bought(self, act: Buy) -> str:
        """Write trade and transaction down together; the ledger's sender does the rest. Answers the order."""
        args = OrderArgs(
            ref=secrets.token_bytes(32),
            seller=act.seller.account,
            contact=act.seller.contact,
            energy=act.energy,
            price=act.price,
        )
        manifest = self._contracts()
        market = manifest.current
        order = "0x" + args.id(manifest.chain_id, market, self._account.address).hex()
        now = time.time()
        trade = Trade(
            order=order,
            side=Side.BUYER,
            market=market,
            partner=act.seller.name,
            account=act.seller.account,
            contact=act.seller.contact,
            energy=act.energy,
            price=act.price,
            cost=args.cost,
            created=now,
            changed=now,
            ref="0x" + args.ref.hex(),
            channel=act.seller.channel,
            previous=act.previous,
            reason=act.reason,
        )
        data = Token.encode_approve_and_call(market, args.cost, args)
        call = Call(to=manifest.token, data=data, gas=GAS["buy"])
        with self._trades.together():
            self._trades.add(
                trade, Step(name="planned", at=now, text=f"{act.reason[:1].upper()}{act.reason[1:]}.")
            )
            self._journal.plan(purpose("buy", order), call, now)
        log.info("buying", order=order, seller=act.seller.name, mwh=act.energy.mwh, price=str(act.price))
        return order

    def finish(self, act: Finish) -> Outcome:
        """No more energy under this order."""
        now = time.time()
        with self._trades.together():
            self._trades.change(
                act.order,
                Step(name="ended", at=now, text=act.why),
                state=TradeState.ENDED,
                changed=now,
                ending=act.why,
            )
            trade = self._trades.get(act.order)
            if act.fault is not None and trade is not None:
                self._record(trade, act.fault, act.why, now)
        log.info("ended", order=act.order, why=act.why)
        return Done(act=act)

    def request_close(self, act: RequestClose) -> Outcome:
        """Ask the chain for the end of an order."""
        data = Market.encode_request_close(_bytes(act.order))
        self._send("close", act.order, data, Step(name="close-requested", at=time.time()))
        return Done(act=act)

    def reclaim(self, act: Reclaim) -> Outcome:
        """Take the escrow back."""
        data = Market.encode_reclaim(_bytes(act.order))
        self._send("reclaim", act.order, data, Step(name="reclaimed", at=time.time()))
        return Done(act=act)

    def asked(self, trades: list[Trade], head: int) -> frozenset[str]:
        """Purposes about ended trades that are under way, done, or resting after a failure."""
        ended = [trade.order for trade in trades if trade.state is TradeState.ENDED]
        found = set()
        for order in ended:
            for what in ("close", "reclaim"):
                entry = self._journal.find(purpose(what, order))
                if entry is None or (entry.failed and head >= self._journal.rests_until(entry.purpose)):
                    continue
                found.add(entry.purpose)
        return frozenset(found)

    def follow(self, trades: list[Trade], news: News) -> list[Trade]:
        """Bring trades to the state that journal and chain have come to; answers them as they are now."""
        return [self._followed(trade, news) for trade in trades]

    def _followed(self, trade: Trade, news: News) -> Trade:
        entry = None
        on_chain = news.orders.get(trade.order)
        if trade.side is Side.BUYER and (trade.state in BEGINNING or on_chain is None):
            entry = self._journal.find(purpose("buy", trade.order))
        step = advance(trade, entry, on_chain, news.offers.get((trade.account.lower(), trade.contact)))
        if step is None:
            return trade
        now = time.time()
        fields: dict[str, object] = {"state": step.state, "changed": now}
        if step.paid is not None and step.refunded is not None:
            fields |= {"paid": step.paid, "refunded": step.refunded}
        if step.why and not trade.ending:
            fields["ending"] = step.why
        known = frozenset(d.what for d in self._deeds.of(trade.account) if d.order == trade.order)
        deed = conduct(trade, step, self._settled_by_us(trade), known) if step.state in FINAL else None
        with self._trades.together():
            if trade.state is TradeState.PLANNED and step.state is TradeState.CONFIRMED:
                self._bought(trade, entry, now)
            self._trades.change(trade.order, self._step(trade, step, entry, news, now), **fields)
            if deed is not None:
                self._record(trade, deed, step.why, now)
        log.info("trade", order=trade.order, side=trade.side.value, state=step.state.value)
        return replace(trade, **fields)  # type: ignore[arg-type]

    def _bought(self, trade: Trade, entry: Entry | None, now: float) -> None:
        """Confirmed before it was seen in a block: the transaction that bought it still comes first."""
        if entry is not None and entry.hash:
            proof = Step(name=TradeState.ORDERED.value, at=now, kind=Proof.TRANSACTION, proof=entry.hash)
            self._trades.step(trade.order, proof)

    def _settled_by_us(self, trade: Trade) -> frozenset[str]:
        """What the household had to do about the end of an order, as purposes."""
        entries = [self._journal.find(purpose(what, trade.order)) for what in ("close", "reclaim")]
        return frozenset(entry.purpose for entry in entries if entry is not None and not entry.failed)

    def _record(self, trade: Trade, what: Conduct, sentence: str, now: float) -> None:
        name = trade.partner.capitalize()  # stands before the clause where it is read
        clause = sentence.rstrip(".").removeprefix(f"{name} ").replace(f"{name}'s ", "its ")
        why = f"{clause[:1].lower()}{clause[1:]}"
        log.info("conduct", seller=trade.partner, what=what.value, order=trade.order)
        self._deeds.record(Deed(account=trade.account.lower(), order=trade.order, what=what, at=now, why=why))

    def _step(self, trade: Trade, step: Advance, entry: Entry | None, news: News, now: float) -> Step:
        """What it is proved by: the transaction that did it, else the block in which it is read."""
        kind, proof = Proof.BLOCK, str(max(news.head - news.depth, 0))
        settlement = news.settlements.get(trade.order)
        if step.state in (TradeState.ORDERED, TradeState.FAILED) and entry is not None and entry.hash:
            kind, proof = Proof.TRANSACTION, entry.hash
        elif step.paid is not None and settlement is not None:
            kind, proof = Proof.TRANSACTION, settlement.transaction
        return Step(name=step.state.value, at=now, kind=kind, proof=proof, text=step.why)

    def _send(self, what: str, order: str, data: bytes, step: Step) -> None:
        trade = self._trades.get(order)
        market = self._contracts().current if trade is None else trade.market
        try:
            with self._trades.together():
                call = Call(to=market, data=data, gas=GAS[what])
                self._journal.plan(purpose(what, order), call, time.time())
                self._trades.step(order, step)
        except AlreadyIntended:
            log.debug("already-intended", what=what, order=order)


def _bytes(order: str) -> bytes:
    return bytes.fromhex(order.removeprefix("0x"))
