"""Reads the household's books, readings and the chain into a `Case`; and its readings into evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chain.client import ChainClient
from contracts.bindings import Market
from contracts.codec import decode_log, interface
from contracts.manifest import Manifest
from node.client_interaction.trade import Side, Trade, TradeState
from node.client_interaction.trades import open_trades
from node.readings import Readings
from node.readings.errors import NotProvable
from node.readings.proof import Proof
from node.readings.retention import kept_since
from node.reconciliation.counting import counted, settled
from node.reconciliation.evidence import Evidence, Shown, Vouchered
from node.reconciliation.hearing import Times, digested, signed_by
from node.reconciliation.records import Case, Cause, Counted, Figures, Finding, OnChain, Supply
from node.reconciliation.runs import Booked, Run, Where, over, together, touching
from node.reconciliation.tolerance import Limits
from node.reports.book import open_book
from node.reports.comparing import differences
from node.reports.covering import rooted
from node.reports.onchain import reported
from node.reports.proving import proved
from node.wallet.database import FILE
from relay_server.records import FILE as RECORDS
from relay_server.records import BestVoucher, open_records

if TYPE_CHECKING:
    from node.config.settings import Settings

CONTRACT = "EnergyMarket"
ENDS = ("OrderRedeemed", "OrderReleased", "OrderReclaimed")

ALL = 1_000_000_000
DAY = 86_400

STORED = 15.0
"""Seconds, and a batch, after a supply until its readings are stored: they are synced within ten."""

BOOKED = 60.0
"""Seconds in which the books take over what is new on the chain."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where everything is."""

    settings: Settings
    manifest: Manifest
    client: ChainClient
    readings: Readings
    account: str
    now: float
    """Unix seconds."""

    since: float = 0.0
    until: float = float("inf")
    """Unix seconds between which the trades were made."""

    progress: Callable[[int, int], None] = lambda done, of: None

    @property
    def trades(self) -> Path:
        """trade.db."""
        return self.settings.paths.state / FILE


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What there is to be judged, and what it was made of."""

    case: Case
    limits: Mapping[str, Limits]
    times: Mapping[str, Times]


def gather(sources: Sources) -> Gathered:
    """Look at everything.

    Raises:
        StoreError: books or readings cannot be read.
        RelayError: relay.db cannot be read.
        ChainError: the node does not answer.
    """
    times = on_chain(sources)
    with open_trades(sources.trades) as reader:
        booked = [
            Booked(trade=trade, began=_began(trade, times), over=over(trade, reader.steps(trade.order)))
            for trade in reader.latest(ALL)
            if trade.state is not TradeState.FAILED
        ]
    sample = sources.settings.readings.sample
    rest = settled(sample) / 1_000 + sample
    runs = touching(together(booked, contacts(sources.settings), rest), sources.since, sources.until)
    vouchers = best_vouchers(sources)
    figures: list[Figures] = []
    supplies: list[Supply] = []
    for done, run in enumerate(runs, start=1):
        figures += [figured(sources, each, vouchers.get(each.trade.order)) for each in run.booked]
        supplies.append(
            Supply(orders=tuple(each.trade.order for each in run.booked), own=metered(sources, run))
        )
        sources.progress(done, len(runs))
    limits = {each.trade.order: limited(sources.settings, each.trade) for run in runs for each in run.booked}
    known = {each.trade.order for each in booked}
    elsewhere = {
        order: found
        for order, at in times.items()
        if order not in known
        and sources.since <= at.funded < sources.until
        and sources.now - at.funded > BOOKED
        and (found := chained(sources.client, at.market, order)) is not None
    }
    case = Case(
        household=sources.settings.household.name,
        account=sources.account,
        at=sources.now,
        figures=tuple(sorted(figures, key=lambda each: each.created)),
        supplies=tuple(supplies),
        elsewhere=elsewhere,
        general=tuple(reports(sources)),
    )
    return Gathered(case=case, limits=limits, times=times)


def figured(sources: Sources, booked: Booked, best: BestVoucher | None) -> Figures:
    """One trade from all sides but the readings'.

    Args:
        best: what the relay of this household has of it, as its seller.
    """
    trade = booked.trade
    seller = trade.side is Side.SELLER
    vouchered = trade.vouchered.mwh if best is None else best.energy
    signature = bytes.fromhex(trade.voucher) if best is None else best.signature
    buyer = trade.account if seller else sources.account
    problems = []
    if best is not None and best.energy < trade.vouchered.mwh:
        text = (
            f"relay.db has a voucher for {best.energy} mWh, trade.db saw one for {trade.vouchered.mwh} mWh."
        )
        problems.append(Finding(cause=Cause.TAMPERING, text=text))
    return Figures(
        order=trade.order,
        side=trade.side,
        partner=trade.partner,
        account=trade.account,
        contact=trade.contact,
        created=booked.began,
        over=booked.over,
        final=trade.final,
        energy=trade.energy.mwh,
        price=trade.price.value,
        paid=trade.paid.value,
        vouchered=vouchered,
        signed=signed_by(
            buyer, digested(sources.manifest.chain_id, trade.market, trade.order, vouchered), signature
        ),
        own=trade.received.mwh if best is None else best.delivered,
        other=vouchered if seller else trade.metered,
        other_at=vouchered if seller else trade.metered_at,
        ended=best.ended if best is not None else True,
        chain=chained(sources.client, trade.market, trade.order),
        problems=tuple(problems),
    )


def metered(sources: Sources, run: Run) -> Counted | None:
    """What the readings say of a run; None: it is not over, or not stored, or no meter is known."""
    if not run.meter or run.over is None or sources.now - run.over < STORED + sources.settings.readings.batch:
        return None
    kept = sources.settings.readings
    return counted(
        sources.readings,
        run.meter,
        run.began,
        run.over,
        sample=kept.sample,
        kept_since=kept_since(kept, round(sources.now * 1_000)),
    )


def contacts(settings: Settings) -> dict[Where, str]:
    """The meter of each contact: ties by channel, feeds by contact."""
    if settings.relay is None:
        return {}
    return {
        **{(Side.BUYER, tie.contact): tie.meter for tie in settings.relay.ties},
        **{(Side.SELLER, feed.contact): feed.meter for feed in settings.relay.feeds},
    }


def limited(settings: Settings, trade: Trade) -> Limits:
    """The limits of one trade's contact."""
    relay = settings.relay
    if relay is None:
        return Limits()
    seller = trade.side is Side.SELLER
    ratings = {each.contact: each.rating for each in (relay.feeds if seller else relay.ties)}
    rating = ratings.get(trade.contact if seller else trade.channel or 0)
    return Limits(
        fraction=relay.unpaid_fraction,
        sample=settings.readings.sample,
        keep=settings.trading.keep,
        unanswered=settings.trading.unanswered,
        lease=relay.lease,
        stale=relay.stale_meter,
        save=relay.save,
        **({} if rating is None else {"rating": rating.mw}),
    )


def on_chain(sources: Sources) -> dict[str, Times]:
    """When each order of this household began and ended.

    Raises:
        ChainError: the node does not answer.
    """
    topics = {entry.name: topic for topic, entry in interface(CONTRACT).events.items()}
    me = bytes(12) + bytes.fromhex(sources.account[2:])
    wanted = [topics[name] for name in ("OrderFunded", *ENDS)]
    markets, since = sources.manifest.markets(), sources.manifest.founded
    logs = [
        *sources.client.logs(markets, [wanted, None, me], since, "latest"),
        *sources.client.logs(markets, [wanted, None, None, me], since, "latest"),
    ]
    blocks: dict[int, float] = {}
    found: dict[str, Times] = {}
    for entry in sorted(logs, key=lambda log: (log.block, log.index)):
        event = decode_log(entry.topics, entry.data, CONTRACT)
        if event is None:
            continue
        if entry.block not in blocks:
            blocks[entry.block] = float(sources.client.block(entry.block).timestamp)
        order, at = f"0x{event.fields['orderId'].hex()}", blocks[entry.block]
        if event.name == "OrderFunded":
            found[order] = Times(funded=at, ended=None, market=entry.address)
        elif order in found:
            found[order] = replace(found[order], ended=at)
    return found


def chained(client: ChainClient, market: str, order: str) -> OnChain | None:
    """An order as the chain has it now."""
    found = Market(client, market).order(bytes.fromhex(order[2:]))
    if found is None:
        return None
    return OnChain(
        state=found.state,
        buyer=found.buyer,
        seller=found.seller,
        contact=found.contact,
        energy=found.energy.mwh,
        price=found.price.value,
        paid_energy=found.paid_energy.mwh,
        paid=found.paid.value,
    )


def best_vouchers(sources: Sources) -> dict[str, BestVoucher]:
    """What the relay has, by order; nothing where it has never run."""
    records = open_records(sources.settings.paths.state / RECORDS)
    if not records.exist:
        return {}
    return {f"0x{best.order.hex()}": best for best in records.best_vouchers()}


def reports(sources: Sources) -> Iterator[Finding]:
    """Whether the readings still lead to what was reported of them in the days of these trades."""
    first, last = sources.since - DAY, sources.until + DAY
    with open_book(sources.trades) as book:
        entries = [entry for entry in book.all() if first <= entry.covered.span.start < last]
    everything = reported(sources.client, sources.manifest, sources.account)
    said = [each for each in everything if first <= each.interval < last]
    for text in differences(entries, said, lambda covered: rooted(sources.readings, covered.span)):
        yield Finding(cause=Cause.TAMPERING, text=f"{text[:1].upper()}{text[1:]}.")


def evidence(sources: Sources, gathered: Gathered) -> Evidence:
    """What this household can show to others of its readings."""
    figures = {each.order: each for each in gathered.case.figures}
    with open_trades(sources.trades) as reader:
        signatures = {trade.order: trade.voucher for trade in reader.latest(ALL)}
    best = best_vouchers(sources)
    shown = []
    for supply in gathered.case.supplies:
        if supply.own is None:
            continue
        orders = []
        for order in sorted(supply.orders):
            held = best.get(order) if figures[order].side is Side.SELLER else None
            signature = bytes.fromhex(signatures[order]) if held is None else held.signature
            orders.append(Vouchered(order=order, voucher=figures[order].vouchered, signature=signature))
        shown.append(
            Shown(
                orders=tuple(orders),
                meter=supply.own.meter,
                before=_proved(sources, supply.own.meter, supply.own.before),
                after=_proved(sources, supply.own.meter, supply.own.after),
            )
        )
    return Evidence(
        chain_id=sources.manifest.chain_id,
        household=sources.account,
        supplies=tuple(sorted(shown, key=lambda each: each.ids[0])),
    )


def _proved(sources: Sources, meter: str, moment: int | None) -> Proof | None:
    if moment is None:
        return None
    try:
        with open_book(sources.trades) as book:
            return proved(
                sources.readings,
                book,
                chain_id=sources.manifest.chain_id,
                household=sources.account,
                meter=meter,
                moment=moment,
            )
    except NotProvable:
        return None


def _began(trade: Trade, times: Mapping[str, Times]) -> float:
    """Before anything flowed: the chain's time, which is the same for both households."""
    at = times.get(trade.order)
    return trade.created if at is None else at.funded
