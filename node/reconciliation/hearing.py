"""What another household's evidence says about the trades with it: checked first, then counted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chain.errors import SignatureRefused
from chain.keys import recover
from contracts.messages import voucher_digest
from node.client_interaction.trade import Side
from node.readings.proof import Proof, Report
from node.reconciliation.counting import MARGIN
from node.reconciliation.evidence import Evidence, Shown
from node.reconciliation.records import Case, Cause, Counted, Figures, Finding, Supply

SKEW = 5_000
"""ms that two households' clocks may differ by."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """When the chain says that an order began and ended, Unix seconds; its market."""

    funded: float
    ended: float | None
    market: str


def heard(
    case: Case,
    evidence: Evidence,
    times: Mapping[str, Times],
    chain_id: int,
    contradicted: Callable[[Report], str],
) -> Case:
    """The case with what the evidence adds to it.

    Args:
        times: of the household's own orders.
        chain_id: of the neighbourhood.
        contradicted: what the chain says against a report, as a clause; empty: it was made so.
    """
    mine = {each.order: each for each in case.figures if each.account.lower() == evidence.household.lower()}
    if evidence.chain_id != chain_id:
        return accused(case, f"The other's evidence is about chain {evidence.chain_id}, not {chain_id}.")
    strangers = [o for shown in evidence.supplies for o in shown.ids if o not in mine and o in times]
    if strangers:
        return accused(case, f"The other's evidence is about trades with others: {strangers[0]}.")
    about = [shown for shown in evidence.supplies if any(order in mine for order in shown.ids)]
    spoken_of = {order for shown in about for order in shown.ids}
    figures = tuple(_silent(each, spoken_of) if each.order in mine else each for each in case.figures)
    case = replace(case, figures=figures)
    meters: dict[int, str] = {}
    supplies = case.supplies
    for shown in about:
        problems = [*_vouchers(shown, case, evidence, times), *_meter(shown, mine, meters)]
        counted, found = _counted(shown, evidence, times, contradicted)
        supplies = joined(supplies, shown.ids, replace(counted, problems=(*problems, *found)), mine)
    return replace(case, supplies=supplies)


def joined(
    supplies: Sequence[Supply], orders: Sequence[str], counted: Counted, mine: Mapping[str, Figures]
) -> tuple[Supply, ...]:
    """The supplies, with those that the other counted together joined into one."""
    known = [order for order in orders if order in mine]
    touched = [supply for supply in supplies if set(supply.orders) & set(known)]
    rest = [supply for supply in supplies if not set(supply.orders) & set(known)]
    together = tuple(dict.fromkeys([*(o for supply in touched for o in supply.orders), *known]))
    own = None
    if touched and all(supply.own is not None for supply in touched):
        own = _sum([supply.own for supply in touched if supply.own is not None])
    others = [supply.other for supply in touched if supply.other is not None]
    return (*rest, Supply(orders=together, own=own, other=_sum([*others, counted])))


def _sum(counts: Sequence[Counted]) -> Counted:
    energies = [each.energy for each in counts if each.energy is not None]
    return replace(
        counts[0],
        energy=sum(energies) if len(energies) == len(counts) else None,
        problems=tuple(problem for each in counts for problem in each.problems),
    )


def _silent(each: Figures, spoken_of: set[str]) -> Figures:
    if each.order in spoken_of or each.over is None or not (each.own or each.vouchered):
        return each
    finding = Finding(cause=Cause.MISSING, text="The other's evidence says nothing about it.")
    return replace(each, problems=(*each.problems, finding))


def _counted(
    shown: Shown, evidence: Evidence, times: Mapping[str, Times], contradicted: Callable[[Report], str]
) -> tuple[Counted, list[Finding]]:
    counted = Counted(meter=f"the other's {shown.meter}", energy=None)
    if shown.before is None or shown.after is None:
        text = "The other's readings of it are not reported yet, and so not proved."
        return counted, [Finding(cause=Cause.MISSING, text=text)]
    whys = [
        why
        for proof in (shown.before, shown.after)
        if (why := _refuted(proof, shown, evidence, contradicted))
    ]
    whys += _elsewhen(shown, shown.before, shown.after, times)
    if whys:
        text = f"The other's evidence does not hold: {whys[0]}."
        return counted, [Finding(cause=Cause.TAMPERING, text=text)]
    energy = (shown.after.sample.forward or 0) - (shown.before.sample.forward or 0)
    return replace(counted, energy=energy), []


def _refuted(proof: Proof, shown: Shown, evidence: Evidence, contradicted: Callable[[Report], str]) -> str:
    """Why a proof proves nothing here, as a clause; empty: it does."""
    report = proof.report
    if report.household.lower() != evidence.household.lower() or report.chain_id != evidence.chain_id:
        return "a proof is another household's, or of another chain"
    if proof.sample.meter != shown.meter or proof.sample.forward is None:
        return f"a proof is of {proof.sample.meter}, not of the register of {shown.meter}"
    if not proof.holds:
        return "the path of a proof does not lead to its root"
    return contradicted(report)


def _elsewhen(shown: Shown, before: Proof, after: Proof, times: Mapping[str, Times]) -> Iterator[str]:
    """A proof of another time than the trade's proves nothing about it."""
    known = [times[order] for order in shown.ids if order in times]
    funded = round(min(each.funded for each in known) * 1_000)
    ends = [each.ended for each in known if each.ended is not None]
    if not funded - MARGIN - SKEW <= before.sample.taken <= funded + SKEW:
        yield "its first reading is not of the time before the trade"
    settled = round(max(ends) * 1_000) if len(ends) == len(known) else None
    late = settled is not None and after.sample.taken > settled + MARGIN + SKEW
    if late or after.sample.taken < before.sample.taken or after.sample.taken < funded - SKEW:
        yield "its last reading is not of the time after the trade"
    if (after.sample.forward or 0) < (before.sample.forward or 0):
        yield "its register falls"


def _vouchers(shown: Shown, case: Case, evidence: Evidence, times: Mapping[str, Times]) -> Iterator[Finding]:
    """Both have to hold the same voucher of the same buyer."""
    mine = {each.order: each for each in case.figures}
    for each in shown.orders:
        own = mine.get(each.order)
        if own is None:
            text = f"The other's evidence counts it together with {each.order}, which is not known here."
            yield Finding(cause=Cause.TAMPERING, text=text)
            continue
        buyer = case.account if own.side is Side.BUYER else own.account
        market = times[each.order].market
        digest = digested(evidence.chain_id, market, each.order, each.voucher)
        if each.voucher and not signed_by(buyer, digest, each.signature):
            text = f"The other's evidence has a voucher ({each.voucher} mWh) that the buyer did not sign."
            yield Finding(cause=Cause.TAMPERING, text=text)
        elif not each.voucher and each.signature:
            yield Finding(cause=Cause.TAMPERING, text="The other's evidence has a signature of nothing.")
        else:
            yield from _same(each.voucher, own)


def _same(voucher: int, own: Figures) -> Iterator[Finding]:
    buyers, sellers = (own.vouchered, voucher) if own.side is Side.BUYER else (voucher, own.vouchered)
    paid = own.chain.paid_energy if own.chain is not None else 0
    if sellers > buyers:
        text = (
            f"The seller holds a voucher for {sellers} mWh, the buyer says that it signed for {buyers} mWh."
        )
        yield Finding(cause=Cause.TAMPERING, text=text)
    elif voucher < paid:
        text = f"The other's evidence has a voucher for {voucher} mWh, the chain paid for {paid} mWh."
        yield Finding(cause=Cause.TAMPERING, text=text)
    elif sellers < buyers and sellers != paid and own.chain is not None and not own.chain.state.live:
        text = f"The buyer signed for {buyers} mWh, the seller shows a voucher for {sellers} mWh."
        yield Finding(cause=Cause.TAMPERING, text=text)


def _meter(shown: Shown, mine: Mapping[str, Figures], meters: dict[int, str]) -> Iterator[Finding]:
    """One line, one meter, throughout the file."""
    for order in shown.ids:
        if order not in mine:
            continue
        contact = mine[order].contact
        if meters.setdefault(contact, shown.meter) != shown.meter:
            text = f"The same line is shown by another meter ({shown.meter}) than before ({meters[contact]})."
            yield Finding(cause=Cause.TAMPERING, text=text)
            return


def digested(chain_id: int, market: str, order: str, energy: int) -> bytes:
    """What the buyer of an order signs for an energy (mWh)."""
    return voucher_digest(chain_id, market, bytes.fromhex(order[2:]), energy)


def signed_by(buyer: str, digest: bytes, signature: bytes) -> bool:
    """Whether a voucher is the buyer's own."""
    try:
        return recover(digest, signature).lower() == buyer.lower()
    except SignatureRefused:
        return False


def accused(case: Case, text: str) -> Case:
    """The case with something that is about no trade in particular."""
    return replace(case, general=(*case.general, Finding(cause=Cause.TAMPERING, text=text)))
