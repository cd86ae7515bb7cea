"""One trade told in words: what it comes to, and its timeline with a link to each proof. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node.client_interaction.trade import Proof, Side, Step, Trade, TradeState
from node.dapp import language, words
from node.dapp.language import N_, ngettext
from node.dapp.language import gettext as _
from node.dapp.told import told
from quantities import Tokens

STATES = {
    TradeState.PLANNED: N_("sending"),
    TradeState.ORDERED: N_("in a block"),
    TradeState.CONFIRMED: N_("confirmed"),
    TradeState.SUPPLIED: N_("supplying"),
    TradeState.ENDED: N_("to be settled"),
    TradeState.SETTLED: N_("settled"),
    TradeState.REFUNDED: N_("refunded"),
    TradeState.FAILED: N_("failed"),
}

STEPS = {
    "planned": N_("Order written down, on disk"),
    "broadcast": N_("Order sent to the neighbours' nodes"),
    "ordered": N_("Order in a block, tokens in escrow"),
    "confirmed": N_("Order deep enough in the chain to count"),
    "feed-closed": N_("Seller's contact closed"),
    "supplied": N_("Energy flows"),
    "voucher": N_("Voucher signed for what was received"),
    "home": N_("Own contact back at home"),
    "feed-opened": N_("Seller's contact opened"),
    "ended": N_("Supply ended"),
    "close-requested": N_("Settlement asked for on the chain"),
    "settled": N_("Settled: paid what was received, the rest came back"),
    "refunded": N_("Everything refunded"),
    "released": N_("Seller gave the order back"),
    "failed": N_("Failed"),
}
"""What happened, by the name of a step."""


SOLD = {
    TradeState.SETTLED: N_("%(partner)s bought %(bought)s, took %(received)s and paid %(paid)s for it."),
    TradeState.REFUNDED: N_("%(partner)s bought %(bought)s and got everything back."),
    TradeState.ENDED: N_("%(partner)s took %(received)s of %(bought)s; the payment is on its way."),
    TradeState.SUPPLIED: N_("%(partner)s bought %(bought)s and has taken %(received)s so far."),
}
BOUGHT = {
    TradeState.SETTLED: N_("Bought %(bought)s, received %(received)s, paid %(paid)s. %(back)s came back."),
    TradeState.REFUNDED: N_("Bought %(bought)s for %(cost)s; all of it came back."),
    TradeState.FAILED: N_("It never became an order; nothing was paid."),
    TradeState.ENDED: N_(
        "Received %(received)s of %(bought)s. %(cost)s stay in escrow until %(partner)s settles; what was "
        "not received comes back."
    ),
    TradeState.SUPPLIED: N_("Bought %(bought)s for at most %(cost)s; received %(received)s so far."),
}
"""What a trade comes to, by its state; what is not here is told as one that is supplied."""


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
        energy, partner = words.amount(self.trade.energy), words.capital(self.trade.partner)
        if self.trade.side is Side.BUYER:
            return _("%(energy)s from %(partner)s", energy=energy, partner=partner)
        return _("%(energy)s to %(partner)s", energy=energy, partner=partner)

    @property
    def summary(self) -> str:
        """What it comes to, for people."""
        trade = self.trade
        amounts = {
            "partner": words.capital(trade.partner),
            "bought": words.amount(trade.energy),
            "received": words.amount(trade.received),
            "cost": words.tokens(trade.cost.value),
            "paid": words.tokens(trade.paid.value),
            "back": words.tokens(trade.refunded.value),
        }
        side = SOLD if trade.side is Side.SELLER else BOUGHT
        return _(side.get(trade.state, side[TradeState.SUPPLIED]), **amounts)

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
            between = _between(skipped) if skipped else ""
            skipped = 0
            yield Entry(
                title=_(STEPS.get(step.name, words.capital(step.name.replace("-", " ")))),
                text=" ".join(filter(None, (words.capital(told(step.text)), between))),
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
        return words.tokens(trade.paid.value) if trade.paid else _("nothing")
    return f"≤ {words.tokens(trade.cost.value)}"


def worth(trade: Trade) -> Tokens:
    """What the received energy costs by the order's price."""
    return trade.price.cost(trade.received)


def _between(vouchers: int) -> str:
    return ngettext("%(num)s voucher in between", "%(num)s vouchers in between", vouchers)


def _after(seconds: float) -> str:
    after = language.amount(f"{seconds:.1f} s") if seconds < 10 else words.lasting(seconds)
    return _("%(time)s later", time=after)


def _proof(step: Step) -> str:
    match step.kind:
        case Proof.TRANSACTION:
            return _("transaction %(hash)s", hash=words.short(step.proof))
        case Proof.BLOCK:
            return _("block %(number)s", number=step.proof)
        case Proof.VOUCHER:
            return _("signature %(hash)s", hash=words.short(step.proof))
        case Proof.METER:
            if not step.proof.isdecimal():
                return _("own meter")
            return _("own meter at %(energy)s", energy=words.energy(int(step.proof)))
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
