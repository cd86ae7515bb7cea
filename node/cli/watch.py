"""`commonwatt chain watch`: the chain followed, an event whenever something goes wrong or well again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.options import answer, file_path, json_option, with_settings
from node.config import Settings

if TYPE_CHECKING:
    from node.alerts import Alert
    from node.dapp.household import Household

WATCHED = frozenset(
    {
        *("chain-behind", "chain-other", "chain-parted", "chain-silent", "chain-stalled", "clock-wrong"),
        *("disk-filling", "disk-full", "disk-low", "gas-low", "no-neighbour", "signer-silent"),
    }
)
"""The alerts that are about the chain, its host and its fees; the others are the household's."""

NOTHING = "nothing is wrong with the chain"

FILE_MODE = 0o644
"""Node exporter's collector reads the file as a user of its own."""


@click.command()
@click.option("--once", is_flag=True, help="Look once and end: exit code 1 when something is critical.")
@click.option(
    "--every",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=1.0),
    metavar="SECONDS",
    help="Between two looks.",
)
@click.option(
    "--textfile",
    type=file_path,
    help="Also keep what is wrong as a metric, in a file NAME.prom for node exporter's textfile collector.",
)
@json_option
@with_settings
@click.pass_context
def watch(
    context: click.Context,
    settings: Settings,
    *,
    once: bool,
    every: float,
    textfile: Path | None,
    as_json: bool,
) -> None:
    """Watch chain, clock, disk and gas credit: a line for each thing that goes wrong, with the act to take.

    And one when it is over. It reads what the household's processes publish, asks the neighbours' relays each
    minute which chain their nodes follow (not with --once), needs no rights and changes nothing; people who
    are not looking are told of the same by `commonwatt notify run`. With --json each event is an object of
    its own line. Ends with SIGINT or SIGTERM, exit code 0.
    """
    from chain.daemon import Stop, run_every  # noqa: PLC0415 - only what each command needs
    from node.dapp.household import from_settings  # noqa: PLC0415

    house = from_settings(settings)
    if once:
        found = _look(house)
        _keep(textfile, found.values())
        lines = [f"{each.severity}: {each.says}\n  {each.act}" for each in found.values()]
        answer(as_json, {"alerts": [vars(each) for each in found.values()]}, "\n".join(lines) or NOTHING)
        context.exit(1 if any(each.severity == "critical" for each in found.values()) else 0)
    from node.agreement.lookout import others  # noqa: PLC0415 - which a single look does without

    before: dict[str, Alert] = {}

    def look() -> None:
        nonlocal before
        found = _look(house, elsewhere())
        for line in events(before, found, time.time(), as_json=as_json):
            click.echo(line)
        _keep(textfile, found.values())
        before = found

    if not as_json:
        click.echo(f"watching, every {every:g} s; what is wrong follows", err=True)
    with others(house) as elsewhere:
        run_every(every, look, Stop().on_signals())


def events(
    before: Mapping[str, Alert], now: Mapping[str, Alert], at: float, *, as_json: bool
) -> Iterable[str]:
    """A line for each alert that has begun or ended between two looks.

    Args:
        before: what was wrong at the last look, by its key.
        now: what is wrong.
        at: Unix seconds.
    """
    changed = [("began", now[key]) for key in now if key not in before]
    changed += [("over", before[key]) for key in before if key not in now]
    for what, alert in changed:
        if as_json:
            yield json.dumps({"at": round(at, 3), "event": what, **vars(alert)}, ensure_ascii=False)
            continue
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
        text = f"{alert.severity}: {alert.says} {alert.act}" if what == "began" else f"over: {alert.says}"
        yield f"{when} {text}"


def metric(alerts: Iterable[Alert]) -> str:
    """What is wrong as Prometheus reads it: a sample for each alert, 1 while it lasts."""
    lines = ["# HELP commonwatt_chain_alert What is wrong with the chain; 1 while it lasts.",
             "# TYPE commonwatt_chain_alert gauge"]  # fmt: skip
    for alert in alerts:
        labels = {"code": alert.code, "about": alert.about, "severity": alert.severity}
        shown = ",".join(f"{name}={json.dumps(str(value))}" for name, value in labels.items())
        lines.append(f"commonwatt_chain_alert{{{shown}}} 1")
    return "\n".join(lines) + "\n"


def _look(house: Household, others: tuple[str, ...] = ()) -> dict[str, Alert]:
    from node.alerts import gather, judge  # noqa: PLC0415 - only what each command needs
    from node.dapp.sources import observe  # noqa: PLC0415
    from store.snapshot import boottime  # noqa: PLC0415

    booted = boottime()
    found = judge(house, gather(house, observe(house, time.time(), booted), booted, others=others))
    return {alert.key: alert for alert in found if alert.code in WATCHED}


def _keep(textfile: Path | None, alerts: Iterable[Alert]) -> None:
    """Write the metric; whoever reads it finds the old one or the new one.

    Raises:
        Misconfigured: it cannot be written.
    """
    if textfile is None:
        return
    from chain.errors import Misconfigured  # noqa: PLC0415 - only what each command needs
    from chain.files import replace_file  # noqa: PLC0415

    try:
        replace_file(textfile, metric(alerts).encode(), FILE_MODE)
    except OSError as error:
        raise Misconfigured(f"cannot write {textfile}: {error.strerror}; name another --textfile") from error
