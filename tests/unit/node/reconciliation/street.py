"""Two households that traded honestly: readings in files, books, vouchers, and what the chain has of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.keys import Account, keccak
from contracts.bindings import State
from node.client_interaction.trade import Side
from node.readings import Readings, Sample, open_readings
from node.readings.checking import check
from node.readings.proof import Proof, Report
from node.reconciliation.counting import counted
from node.reconciliation.errors import EvidenceRefused
from node.reconciliation.evidence import Evidence, Shown, Vouchered, dumps, loads
from node.reconciliation.hearing import Times, digested, heard, signed_by
from node.reconciliation.judgement import judge
from node.reconciliation.records import Case, Figures, OnChain, Supply
from node.reconciliation.tolerance import Limits
from node.reports.book import Entry
from node.reports.comparing import differences
from node.reports.covering import covered, rooted
from node.reports.onchain import Reported
from node.reports.proving import proved
from node.wallet.journal import Stage

CHAIN = 4_242
MARKET = "0x" + "5a" * 20
START = 1_750_000_020
"""Unix seconds at which a minute begins."""

APART = 60
"""Seconds from one trade to the next."""

PRICE = 220 * 10**18
BUYER, SELLER = Account.of(b"\x42" * 32), Account.of(b"\x43" * 32)
LIMITS = Limits(rating=200_000)
SECONDS = 30
"""That energy flows under each order."""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One trade as it really was. Energies are mWh, times Unix seconds."""

    order: str
    funded: float
    flows: float
    over: float
    energy: int
    sent: int
    received: int


def trades(count: int) -> list[Trade]:
    """Trades one after another, each of about a watt-hour, with a line that loses half a percent."""
    found = []
    for number in range(count):
        at = START + 10 + number * APART
        received = 1_000 + 37 * number
        found.append(
            Trade(
                order=f"0x{keccak(b'order %d' % number).hex()}",
                funded=at,
                flows=at + 4,
                over=at + 4 + SECONDS,
                energy=2_000,
                sent=received + received // 200,
                received=received,
            )
        )
    return found


@dataclass
class Home:
    """One household's files and books."""

    folder: Path
    account: Account
    meter: str
    entries: list[Entry] = field(default_factory=list)

    def open(self) -> Readings:
        """Its readings."""
        return open_readings(None, self.folder)


@dataclass
class Street:
    """Both households, and the chain."""

    trades: list[Trade]
    buyer: Home
    seller: Home
    chain: dict[str, list[Reported]]
    """Account → reports."""

    vouchers: dict[str, tuple[int, bytes]]

    def copied(self, home: str, folder: Path) -> Street:
        """The same, with one household's readings in a folder of their own."""
        mine: Home = getattr(self, home)
        shutil.copy(mine.folder / "readings.db", folder)
        moved = replace(mine, folder=folder)
        return replace(self, buyer=moved) if home == "buyer" else replace(self, seller=moved)

    # --- what a household finds ----------------------------------------------------------------------------

    def found(self, mine: Home, evidence: str | None = None) -> list[str]:
        """Everything that its own commands and the other's evidence bring to light; nothing: all is well."""
        told: list[str] = []
        with mine.open() as readings:
            checked = check(readings, kept_since=0, pause=lambda _: None)
            told += [] if checked.intact else [f"batch {checked.broken}: {checked.why}, {checked.strays}"]
            told += differences(
                mine.entries, self.chain[mine.account.address], lambda c: rooted(readings, c.span)
            )
            case = self.case(mine, readings)
        try:
            given = [] if evidence is None else [loads(evidence)]
        except EvidenceRefused as error:
            return [*told, str(error)]
        for each in given:
            case = heard(case, each, self.times, CHAIN, self.contradicted)
        verdict = judge(case, {trade.order: LIMITS for trade in self.trades})
        told += [f"{finding.cause}: {finding.text}" for finding in verdict.general]
        return told + [f"{f.cause}: {f.text}" for trade in verdict.trades for f in trade.findings]

    def case(self, mine: Home, readings: Readings) -> Case:
        """Everything that the household knows."""
        side = Side.BUYER if mine is self.buyer else Side.SELLER
        other = self.seller if mine is self.buyer else self.buyer
        return Case(
            household="birch",
            account=mine.account.address,
            at=self.trades[-1].over + 3_600,
            figures=tuple(self.figures(trade, side, other.account.address) for trade in self.trades),
            supplies=tuple(
                Supply(
                    orders=(trade.order,),
                    own=counted(readings, mine.meter, trade.funded, trade.over, sample=1.0, kept_since=0),
                )
                for trade in self.trades
            ),
        )

    def figures(self, trade: Trade, side: Side, other: str) -> Figures:
        """One trade by the books."""
        voucher, signature = self.vouchers[trade.order]
        digest = digested(CHAIN, MARKET, trade.order, voucher)
        return Figures(
            order=trade.order,
            side=side,
            partner="alder",
            account=other,
            contact=1,
            created=trade.funded,
            over=trade.over,
            final=True,
            energy=trade.energy,
            price=PRICE,
            paid=PRICE * trade.received // 10**6,
            vouchered=voucher,
            signed=signed_by(BUYER.address, digest, signature),
            own=trade.received if side is Side.BUYER else trade.sent,
            other=trade.sent if side is Side.BUYER else voucher,
            other_at=trade.received if side is Side.BUYER else voucher,
            chain=OnChain(
                state=State.REDEEMED,
                buyer=BUYER.address,
                seller=SELLER.address,
                contact=1,
                energy=trade.energy,
                price=PRICE,
                paid_energy=trade.received,
                paid=PRICE * trade.received // 10**6,
            ),
        )

    @property
    def times(self) -> dict[str, Times]:
        """When the chain says that the orders began and ended."""
        return {t.order: Times(funded=t.funded, ended=t.over + 5, market=MARKET) for t in self.trades}

    def contradicted(self, report: Report) -> str:
        """What the chain says against a report."""
        if report.chain_id != CHAIN or report.market.lower() != MARKET:
            return "there is no such market"
        for said in self.chain.get(report.household, ()):
            known = (said.transaction, said.interval, said.root)
            if known == (report.transaction, report.span.start, report.root):
                return ""
        return "the chain has no such report"

    # --- what a household shows ----------------------------------------------------------------------------

    def evidence(self, mine: Home) -> str:
        """Its evidence, as a file."""
        with mine.open() as readings:
            shown = [self.shown(mine, trade, readings) for trade in self.trades]
        shown.sort(key=lambda each: each.ids[0])
        return dumps(Evidence(chain_id=CHAIN, household=mine.account.address, supplies=tuple(shown)))

    def shown(self, mine: Home, trade: Trade, readings: Readings) -> Shown:
        """One trade in it."""
        span = counted(readings, mine.meter, trade.funded, trade.over, sample=1.0, kept_since=0)
        assert span.before is not None
        assert span.after is not None
        voucher, signature = self.vouchers[trade.order]
        return Shown(
            orders=(Vouchered(order=trade.order, voucher=voucher, signature=signature),),
            meter=mine.meter,
            before=self.proof(mine, mine.meter, span.before, readings),
            after=self.proof(mine, mine.meter, span.after, readings),
        )

    def proof(self, mine: Home, meter: str, moment: int, readings: Readings) -> Proof:
        """The proof of one of its readings."""
        return proved(
            readings, BookOf(mine.entries), chain_id=CHAIN, household=mine.account.address,  # type: ignore[arg-type]
            meter=meter, moment=moment,
        )  # fmt: skip


@dataclass
class BookOf:
    """What `node.reports.book` is asked."""

    entries: Sequence[Entry]

    def covering(self, batch: int) -> Entry | None:
        return next((e for e in self.entries if e.covered.span.first <= batch <= e.covered.span.last), None)


def built(folder: Path, count: int = 3) -> Street:
    """A street in which everything is as it should be."""
    done = trades(count)
    homes = []
    for account, meter, counter in ((BUYER, "tie-11", "received"), (SELLER, "feed-1", "sent")):
        home = Home(folder / meter, account, meter)
        home.folder.mkdir()
        fill(home, done, counter)
        homes.append(home)
    buyer, seller = homes
    vouchers = {t.order: (t.received, voucher(t.order, t.received)) for t in done}
    chain = {home.account.address: report(home, done) for home in homes}
    return Street(trades=done, buyer=buyer, seller=seller, chain=chain, vouchers=vouchers)


def voucher(order: str, energy: int, account: Account = BUYER) -> bytes:
    """The buyer's signature."""
    return account.sign(digested(CHAIN, MARKET, order, energy))


def fill(home: Home, done: Sequence[Trade], counter: str) -> None:
    """Two meters, a sample a second each, in batches of five seconds."""
    end = done[-1].over + 80
    with home.open() as readings:
        for first in range(START, round(end), 5):
            samples = []
            for second in range(first, first + 5):
                forward = round(sum(getattr(t, counter) * part(t, second) for t in done))
                samples += [
                    Sample(meter=home.meter, taken=second * 1_000, power=5, forward=forward, reverse=0),
                    Sample(meter="load", taken=second * 1_000, power=60_000, forward=(second - START) * 17),
                ]
            readings.append(samples)


def part(trade: Trade, second: float) -> float:
    """How much of a trade's energy has flowed."""
    return min(max((second - trade.flows) / (trade.over - trade.flows), 0.0), 1.0)


def report(home: Home, done: Sequence[Trade]) -> list[Reported]:
    """Everything is reported, minute by minute."""
    said: list[Reported] = []
    after, start = 0, START
    with home.open() as readings:
        while start < done[-1].over + 80:
            each = covered(readings, start, start + 60, after, panels=(), loads=("load",))
            after, start = each.span.last, start + 60
            transaction = f"0x{keccak(b'report %d' % start + home.meter.encode()).hex()}"
            said.append(
                Reported(
                    interval=each.span.start, produced=each.produced, consumed=each.consumed,
                    root=each.root, transaction=transaction, block=len(said) + 1,
                )
            )  # fmt: skip
            home.entries.append(
                Entry(
                    covered=each, purpose=f"report:{each.span.start}", stage=Stage.FINAL, market=MARKET,
                    transaction=transaction, block=len(said),
                )
            )  # fmt: skip
    return said
