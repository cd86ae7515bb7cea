"""`commonwatt reconcile`: does everything that is known of each trade agree?"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from node.cli.options import answer, file_path, json_option, with_settings
from node.cli.progress import counted
from node.cli.readings import Moment, opened
from node.config import Settings
from node.reconciliation.records import Counted, Judged, Verdict
from node.reports.comparing import day

SHORT = 10
"""Letters of an order in the table."""


@click.command()
@click.option("--from", "since", type=Moment(), help="Only trades made since then.")
@click.option("--to", "until", type=Moment(), help="Only trades made before then.")
@click.option(
    "--export", type=file_path, help="Write this household's evidence for its neighbours into a file."
)
@click.option(
    "--with", "others", type=click.File("rb"), multiple=True, metavar="FILE",
    help="A neighbour's evidence: its proven meter is compared as well. May be given several times.",
)  # fmt: skip
@json_option
@with_settings
@click.pass_context
def reconcile(
    context: click.Context,
    settings: Settings,
    *,
    since: int | None,
    until: int | None,
    export: Path | None,
    others: tuple[Any, ...],
    as_json: bool,
) -> None:
    """Compare each trade on the chain, in vouchers, and by both meters; say what does not agree, and why.

    Exit code 1 when something is flagged.
    """
    from node.reconciliation import gathering  # noqa: PLC0415 - only what each command needs
    from node.reconciliation.errors import EvidenceRefused  # noqa: PLC0415
    from node.reconciliation.evidence import dumps, loads  # noqa: PLC0415
    from node.reconciliation.hearing import accused, heard  # noqa: PLC0415
    from node.reconciliation.judgement import judge  # noqa: PLC0415
    from node.reports.onchain import contradicted  # noqa: PLC0415

    if export is not None and not os.access(export.absolute().parent, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{export.parent} is not there, or cannot be written", param_hint="--export")
    with sources(settings, since, until) as where:
        gathered = gathering.gather(where)
        case = gathered.case
        for file in others:
            try:
                evidence = loads(file.read())
            except EvidenceRefused as error:
                case = accused(case, f"{file.name}: {error}.")
                continue
            case = heard(
                case,
                evidence,
                gathered.times,
                where.manifest.chain_id,
                lambda report: contradicted(where.client, report),
            )
        verdict = judge(case, gathered.limits)
        if export is not None:
            export.write_text(dumps(gathering.evidence(where, gathered)), encoding="utf-8")
    if export is not None and not as_json:
        click.echo(f"{export}: this household's evidence")
    answer(as_json, facts(verdict), "\n".join(told(verdict)))
    context.exit(0 if verdict.clean else 1)


@contextmanager
def sources(settings: Settings, since: int | None, until: int | None) -> Iterator[Any]:
    """Everything opened."""
    from chain.client import ChainClient  # noqa: PLC0415 - only what each command needs
    from contracts import manifest as manifests  # noqa: PLC0415
    from node.reconciliation.gathering import Sources  # noqa: PLC0415
    from node.wallet.address import own_address  # noqa: PLC0415

    manifest = manifests.load(settings.chain.manifest)
    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    try:
        manifest.verify(client)
        with opened(settings) as readings, counted("parts", 100) as progress:
            yield Sources(
                settings=settings,
                manifest=manifest,
                client=client,
                readings=readings,
                account=own_address(settings.account),
                now=time.time(),
                since=0.0 if since is None else since / 1_000,
                until=float("inf") if until is None else until / 1_000,
                progress=lambda done, of: progress(100 * done // max(of, 1)),
            )
    finally:
        client.close()


def told(verdict: Verdict) -> Iterator[str]:
    """The verdict for people: a line a trade, and below it what does not agree."""
    if verdict.trades:
        yield (
            f"{'made':<16} {'order':<{SHORT}} {'with':<14} {'chain':>7} {'voucher':>7} "
            f"{'own':>7} {'other':>7}  mWh"
        )
    for trade in verdict.trades:
        yield line(trade)
        for finding in trade.findings:
            yield f"{'':<16} ↳ {finding.cause}: {finding.text}"
    for finding in verdict.general:
        yield f"{finding.cause}: {finding.text}"
    flagged = sum(bool(trade.findings) for trade in verdict.trades)
    trades = "1 trade" if len(verdict.trades) == 1 else f"{len(verdict.trades)} trades"
    if verdict.clean:
        yield f"{trades}, all within tolerance." if verdict.trades else "There are no trades to compare."
    else:
        yield f"{flagged} of {trades} flagged, and {len(verdict.general)} findings in general."


def line(trade: Judged) -> str:
    """A trade in a line."""
    each, chain = trade.figures, trade.figures.chain
    way = "from" if each.side == "buyer" else "to"
    paid = "–" if chain is None or chain.state.live else str(chain.paid_energy)
    made = day(each.created)[:16]
    verdict = str(trade.cause) if trade.cause else "ok" if each.over is not None else "running"
    return (
        f"{made:<16} {each.order[:SHORT]:<{SHORT}} {f'{way} {each.partner}'[:14]:<14} "
        f"{paid:>7} {each.vouchered:>7} {each.own:>7} {other(trade):>7}  {verdict}"
    )


def other(trade: Judged) -> str:
    """The other's meter: proven where there is evidence, else as its relay told, and vouchers since."""
    each, supply = trade.figures, trade.supply
    if supply is not None and supply.other is not None and supply.other.energy is not None:
        return f"{supply.other.energy}✓" if len(supply.orders) == 1 else "✓"
    if each.other is None:
        return "–"
    return str(each.other) if each.side == "seller" else f"~{each.other + each.vouchered - each.other_at}"


def facts(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs."""
    return {
        "clean": verdict.clean,
        "trades": [trade_facts(trade) for trade in verdict.trades],
        "general": [{"cause": finding.cause, "text": finding.text} for finding in verdict.general],
    }


def trade_facts(trade: Judged) -> dict[str, Any]:
    """A trade for programs; energies are mWh, tokens base units as text."""
    each, chain, supply = trade.figures, trade.figures.chain, trade.supply
    return {
        "order": each.order,
        "side": each.side,
        "partner": each.partner,
        "account": each.account,
        "contact": each.contact,
        "created": each.created,
        "over": each.over,
        "ordered_mwh": each.energy,
        "chain": None
        if chain is None
        else {
            **asdict(chain),
            "state": chain.state.name.lower(),
            "price": str(chain.price),
            "paid": str(chain.paid),
        },
        "vouchered_mwh": each.vouchered,
        "own_meter_mwh": each.own,
        "other_meter_mwh": each.other,
        "other_meter_at_voucher_mwh": each.other_at,
        "supply": None
        if supply is None
        else {
            "orders": supply.orders,
            "own": counted_facts(supply.own),
            "other": counted_facts(supply.other),
        },
        "cause": trade.cause,
        "findings": [{"cause": finding.cause, "text": finding.text} for finding in trade.findings],
    }


def counted_facts(counted_: Counted | None) -> dict[str, Any] | None:
    """What readings say of a supply, for programs."""
    if counted_ is None:
        return None
    return {
        "meter": counted_.meter,
        "energy_mwh": counted_.energy,
        "before_ms": counted_.before,
        "after_ms": counted_.after,
    }
