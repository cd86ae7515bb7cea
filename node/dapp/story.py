"""One trade told in words: what it comes to, and its timeline with a link to each proof. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.dapp import words
from quantities import Tokens

STATES = {
    TradeState.PLANNED: "sending",
    TradeState.ORDERED: "in a block",
    TradeState.CONFIRMED: "confirmed",
    TradeState.SUPPLIED: "supplying",
    TradeState.ENDED: "to be settled",
    TradeState.SETTLED: "settled",
    TradeState.REFUNDED: "refunded",
    TradeState.FAILED: "failed",
}

STEPS = {
    "planned": "Order written down, on disk",
    "broadcast": "Order sent to the neighbours' nodes",
    "ordered": "Order in a block, tokens in escrow",
    "confirmed": "Order deep enough in the chain to count",
    "feed-closed": "Seller's contact closed",
    "supplied": "Energy flows",
    "voucher": "Voucher signed for what was received",
    "home": "Own contact back at home",
    "feed-opened": "Seller's contact opened",
    "ended": "Supply ended",
    "close-requested": "Settlement asked for on the chain",
    "settled": "Settled: paid what was received, the rest came back",
    "refunded": "Everything refunded",
    "released": "Seller gave the order back",
    "failed": "Failed",
}
"""What happened, by the name of a step."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the timeline."""

    title: str
    text: str
    at: float
    lasted: str
    """Since the line before."""
    proof: str
    """What it can be checked by, in words; empty: nothing."""
    link: str
    """Where; empty: there is no page for it."""
    mark: str
    """Name of the step, for its dot."""


@dataclass(frozen=True)
class Story:
    """A trade and its steps."""

    trade: Trade
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """ "2.10 Wh from Alder"."""
        word = "from" if self.trade.side is Side.BUYER else "to"
        return f"{self.trade.energy} {word} {words.capital(self.trade.partner)}"

    @property
    def summary(self) -> str:
        """What it comes to, for people."""
        trade, partner = self.trade, words.capital(self.trade.partner)
        bought, received = trade.energy, trade.received
        cost, paid, back = (words.tokens(money.value) for money in (trade.cost, trade.paid, trade.refunded))
        if trade.side is Side.SELLER:
            return {
                TradeState.SETTLED: f"{partner} bought {bought}, took {received} and paid {paid} for it.",
                TradeState.REFUNDED: f"{partner} bought {bought} and got everything back.",
                TradeState.ENDED: f"{partner} took {received} of {bought}; the payment is on its way.",
            }.get(trade.state, f"{partner} bought {bought} and has taken {received} so far.")
        return {
            TradeState.SETTLED: f"Bought {bought}, received {received}, paid {paid}. {back} came back.",
            TradeState.REFUNDED: f"Bought {bought} for {cost}; all of it came back.",
            TradeState.FAILED: "It never became an order; nothing was paid.",
            TradeState.ENDED: f"Received {received} of {bought}. {cost} stay in escrow until "
            f"{partner} settles; what was not received comes back.",
        }.get(trade.state, f"Bought {bought} for at most {cost}; received {received} so far.")

    @property
    def entries(self) -> list[Entry]:
        """The timeline, vouchers between the first and the last one left out but counted."""
        return list(self._told())

    def _told(self) -> Iterator[Entry]:
        vouchers = [step for step in self.steps if step.name == "voucher"]
        shown = {id(step) for step in vouchers[:1] + vouchers[-1:]}
        skipped, last = 0, 0.0
        for step in self.steps:
            if step.name == "voucher" and id(step) not in shown:
                skipped += 1
                continue
            between = f"{words.counted(skipped, 'voucher', 'vouchers')} in between" if skipped else ""
            skipped = 0
            yield Entry(
                title=STEPS.get(step.name, words.capital(step.name.replace("-", " "))),
                text=" ".join(filter(None, (words.capital(step.text), between))),
                at=step.at,
                lasted=_after(step.at - last) if last else "",
                proof=_proof(step),
                link=_link(step),
                mark=step.name,
            )
            last = step.at


def paid(trade: Trade) -> str:
    """The money of a trade as its row shows it: what was paid, or what may have to be."""
    if trade.final:
        return words.tokens(trade.paid.value) if trade.paid else "nothing"
    return f"≤ {words.tokens(trade.cost.value)}"


def worth(trade: Trade) -> Tokens:
    """What the received energy costs by the order's price."""
    return trade.price.cost(trade.received)


def _after(seconds: float) -> str:
    return f"{seconds:.1f} s later" if seconds < 10 else f"{words.lasting(seconds)} later"


def _proof(step: Step) -> str:
    match step.kind:
        case Proof.TRANSACTION:
            return f"transaction {words.short(step.proof)}"
        case Proof.BLOCK:
            return f"block {step.proof}"
        case Proof.VOUCHER:
            return f"signature {words.short(step.proof)}"
        case Proof.METER:
            return f"own meter at {words.energy(int(step.proof))}" if step.proof.isdecimal() else "own meter"
        case Proof.NONE:
            return ""


def _link(step: Step) -> str:
    match step.kind:
        case Proof.TRANSACTION:
            return f"/explorer/tx/{step.proof}"
        case Proof.BLOCK:
            return f"/explorer/block/{step.proof}"
        case _:
            return ""
