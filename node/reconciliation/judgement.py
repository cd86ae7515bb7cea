"""Says of each trade what does not agree, and the likely cause. Pure: frozen records in, findings out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from contracts.bindings import State
from node.client_interaction.trade import Side
from node.reconciliation import tolerance
from node.reconciliation.records import Case, Cause, Counted, Figures, Finding, Judged, Supply, Verdict
from node.reconciliation.tolerance import CREEP, SEVERAL, Limits


def judge(case: Case, limits: Mapping[str, Limits]) -> Verdict:
    """Judge everything.

    Args:
        limits: by order.
    """
    supplies = {order: supply for supply in case.supplies for order in supply.orders}
    figures = {each.order: each for each in case.figures}
    judged = []
    for each in case.figures:
        supply = supplies.get(each.order)
        found = [*each.problems, *_books(each), *_chain(each, case, limits[each.order])]
        found += _meters(each, limits[each.order])
        if supply is not None:
            found += _readings(
                supply, [figures[o] for o in supply.orders if o in figures], limits[each.order]
            )
        judged.append(Judged(figures=each, findings=tuple(found), supply=supply))
    unknown = [
        Finding(
            cause=Cause.TAMPERING,
            text=f"Order {order} of this household is on the chain and not in its books.",
        )
        for order in case.elsewhere
    ]
    return Verdict(trades=tuple(_drift(judged, limits)), general=(*case.general, *unknown))


def _books(each: Figures) -> Iterator[Finding]:
    """What the household's own books say of its own meter and vouchers."""
    if each.vouchered and not each.signed:
        yield _tampering(f"The voucher for {each.vouchered} mWh is not signed by the buyer for this order.")
    if each.side is Side.BUYER and each.vouchered > each.own + tolerance.RESOLUTION:
        yield _tampering(
            f"Vouchers for {each.vouchered} mWh were signed, the own meter counted {each.own} mWh."
        )
    if each.vouchered > each.energy:
        yield _tampering(f"Vouchers for {each.vouchered} mWh were signed, {each.energy} mWh were ordered.")


def _chain(each: Figures, case: Case, limits: Limits) -> Iterator[Finding]:
    """The chain beside the books."""
    chain = each.chain
    if chain is None:
        if each.final or each.vouchered:
            yield _tampering("The chain has no such order.")
        return
    buyer, seller = (case.account, each.account) if each.side is Side.BUYER else (each.account, case.account)
    said = (chain.buyer.lower(), chain.seller.lower(), chain.contact, chain.energy, chain.price)
    if said != (buyer.lower(), seller.lower(), each.contact, each.energy, each.price):
        yield _tampering("Parties, contact, energy or price are others on the chain than in the books.")
    if chain.state.live:
        if each.over is not None and case.at - each.over > limits.settle:
            yield Finding(cause=Cause.UNSETTLED, text="It ended, and is still not settled on the chain.")
        elif each.final:
            yield _tampering("The books say that it is settled, the chain that it is open.")
        return
    if each.final and each.paid != chain.paid:
        yield _tampering(f"The books say that {each.paid} base units were paid, the chain {chain.paid}.")
    if chain.state is not State.REDEEMED:
        if each.vouchered:
            yield Finding(
                cause=Cause.UNSETTLED,
                text=f"It was given back whole, though {each.vouchered} mWh were vouchered for.",
            )
    elif chain.paid_energy > each.vouchered:
        yield _tampering(
            f"The chain paid for {chain.paid_energy} mWh, the best voucher is for {each.vouchered} mWh."
        )
    elif chain.paid_energy < each.vouchered:
        less = each.vouchered - chain.paid_energy
        if each.side is Side.SELLER or less > tolerance.lost(limits):
            yield _tampering(
                f"The chain paid for {chain.paid_energy} mWh, though {each.vouchered} mWh were vouchered for."
            )


def _meters(each: Figures, limits: Limits) -> Iterator[Finding]:
    """The seller's meter beside the vouchers, which are by the buyer's meter; read while energy flowed."""
    if each.side is Side.BUYER:
        if each.over is not None and each.own - each.vouchered > tolerance.unsigned(limits):
            yield Finding(
                cause=Cause.UNPAID,
                text=f"The own meter counted {each.own} mWh, signed for were {each.vouchered} mWh only.",
            )
        if each.other is not None:
            sellers, buyers = pair(each)
            yield from _difference(sellers, buyers, tolerance.running(limits, sellers))
        return
    sold, _ = pair(each)
    gap = sold - each.vouchered
    if each.over is not None and not each.ended and gap > 0:
        if gap > tolerance.running(limits, sold):
            bound = tolerance.unpaid(limits, sold)
            known = "within" if gap <= bound else "beyond"
            text = f"{gap} mWh were delivered and not vouchered for, {known} the bound of {bound} mWh."
            yield Finding(cause=Cause.UNPAID if gap <= bound else Cause.TAMPERING, text=text)
        return
    if each.over is not None or gap < 0:
        yield from _difference(sold, each.vouchered, tolerance.running(limits, sold))


def _difference(sellers: int, buyers: int, tolerated: int) -> Iterator[Finding]:
    """Two meters' figures of the same energy."""
    more = sellers - buyers
    if abs(more) <= tolerated:
        return
    text = f"The seller's meter counted {sellers} mWh, the buyer's {buyers} mWh: {_percent(more, sellers)} %"
    if 0 < more <= tolerated + tolerance.line(sellers):
        yield Finding(
            cause=Cause.LOSSES, text=f"{text}, as much as a long or bad line loses.", between_meters=True
        )
    else:
        yield Finding(
            cause=Cause.TAMPERING, text=f"{text}, more than meters and line explain.", between_meters=True
        )


def _readings(supply: Supply, trades: Sequence[Figures], limits: Limits) -> Iterator[Finding]:
    """The stored readings beside the books, and beside the other household's."""
    booked = sum(each.own for each in trades)
    over = all(each.over is not None for each in trades)
    buyer = any(each.side is Side.BUYER for each in trades)
    if supply.own is not None:
        yield from supply.own.problems
        if supply.own.energy is not None and over:
            more = supply.own.energy - booked
            surplus = tolerance.unsigned(limits) if buyer else tolerance.over(limits, limits.sample)
            if not -tolerance.RESOLUTION <= more <= surplus + tolerance.RESOLUTION:
                yield _tampering(
                    f"The readings of {supply.own.meter} say {supply.own.energy} mWh for {_trades(trades)}, "
                    f"the books {booked} mWh."
                )
    if supply.other is not None:
        yield from supply.other.problems
        if supply.other.energy is not None and over:
            yield from _evidence(supply.other, supply.own, trades, limits, buyer)


def _evidence(
    other: Counted, own: Counted | None, trades: Sequence[Figures], limits: Limits, buyer: bool
) -> Iterator[Finding]:
    """The other household's proven meter beside the own one, both read with their contacts open."""
    assert other.energy is not None  # noqa: S101 - asked before
    mine = own.energy if own is not None and own.energy is not None else sum(each.own for each in trades)
    sellers, buyers = (other.energy, mine) if buyer else (mine, other.energy)
    yield from _difference(sellers, buyers, tolerance.meters(limits, sellers))
    vouchered = sum(each.vouchered for each in trades)
    if not buyer and vouchered > other.energy + tolerance.RESOLUTION:
        yield _tampering(
            f"The buyer signed for {vouchered} mWh, its own proven readings say {other.energy} mWh."
        )


def _drift(judged: Sequence[Judged], limits: Mapping[str, Limits]) -> Iterator[Judged]:
    """Where the same two meters differ by the same part again and again, an instrument is off."""
    lines: dict[tuple[Side, str, int], list[Judged]] = defaultdict(list)
    for trade in judged:
        lines[trade.figures.side, trade.figures.account.lower(), trade.figures.contact].append(trade)
    drifting = {t.figures.order for trades in lines.values() for t in _systematic(trades, limits)}
    for trade in judged:
        each = trade.figures
        if each.order not in drifting:
            yield trade
            continue
        found = [
            replace(finding, cause=Cause.DRIFT) if finding.between_meters else finding
            for finding in trade.findings
        ]
        if not any(finding.between_meters for finding in found):
            sellers, buyers = pair(each)
            off = _percent(sellers - buyers, sellers)
            text = f"The two meters differ by {off} % here, and alike in the trades around it."
            found.append(Finding(cause=Cause.DRIFT, text=text, between_meters=True))
        yield replace(trade, findings=tuple(found))


def _systematic(trades: Sequence[Judged], limits: Mapping[str, Limits]) -> Sequence[Judged]:
    """Those of one line that show a drift; none: there is none.

    The sum over several trades is known better than each: what samples leave open grows with the root of
    their number only. A loss of the line is no drift.
    """
    known = [
        t for t in trades if pair(t.figures)[0] > 20 * tolerance.RESOLUTION and t.figures.over is not None
    ]
    known = [t for t in known if t.figures.ended or t.figures.side is Side.BUYER]
    if len(known) < SEVERAL:
        return ()
    pairs = [pair(trade.figures) for trade in known]
    parts = [(sellers - buyers) / sellers for sellers, buyers in pairs]
    worst = max((limits[trade.figures.order] for trade in known), key=lambda each: each.rating)
    total = sum(sellers for sellers, _ in pairs)
    off = total - sum(buyers for _, buyers in pairs)
    open_ = tolerance.over(worst, worst.sample) * len(known) ** 0.5 + tolerance.RESOLUTION * len(known)
    tolerated = worst.fraction * total + open_
    beyond = off > tolerated + tolerance.line(total) or off < -tolerated
    spread = [open_ / len(known) ** 0.5 / sellers + worst.fraction for sellers, _ in pairs]
    alike = all(abs(part - off / total) <= allowed for part, allowed in zip(parts, spread, strict=True))
    return known if beyond and alike and abs(off / total) <= CREEP else ()


def pair(each: Figures) -> tuple[int, int]:
    """The seller's and the buyer's figure of the same energy; zeros where one is not known.

    What flowed beyond the order nobody could voucher for: both are counted up to it.
    """
    if each.side is Side.SELLER:
        return min(each.own, each.energy), each.vouchered
    return (0, 0) if each.other is None else (min(each.other, each.energy), each.other_at)


def _tampering(text: str) -> Finding:
    return Finding(cause=Cause.TAMPERING, text=text)


def _trades(trades: Sequence[Figures]) -> str:
    return "this trade" if len(trades) == 1 else f"these {len(trades)} trades in a row"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:+.1f}" if whole else "–"
