"""`commonwatt demo`: a whole neighbourhood on this machine."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Address
from pathlib import Path

import click

from quantities.fields import seconds

FAILED = 1
UNAVAILABLE = 69


class Address(click.ParamType[IPv4Address]):
    """A loopback address: 127.0.0.0/8."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> IPv4Address:
        """Read it."""
        try:
            address = IPv4Address(str(value))
        except ValueError:
            address = None
        if address is None or not address.is_loopback:
            self.fail(f"write a loopback address, as in 127.0.10.1, not {value!r}", param, ctx)
        return address


class Length(click.ParamType[float]):
    """A length of time: "10m", "90 s", "1h"."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it as seconds."""
        try:
            return seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--households", default=4, show_default=True, help="How many, from 2 to 12.")
@click.option("--trades", type=click.IntRange(1), help="End after so many settled trades.")
@click.option("--seed", default=1, show_default=True, help="For another run of weather and appliances.")
@click.option("--day", type=Length(), default="10m", show_default=True, help="A day of sun and load.")
@click.option("--period", type=click.IntRange(1, 60), default=1, show_default=True, help="Seconds a block.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a report, as JSON.")
@click.option("--headless", is_flag=True, help="Plain lines instead of the live table.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep all files in this new folder.")
@click.option("--timeout", type=Length(), help="How long the trades may take. [default: 2 min each, and 2]")
@click.option(
    "--address",
    type=Address(),
    default="127.0.10.1",
    show_default=True,
    help="Loopback address of the first household; the others take those after it.",
)
@click.option("--newcomer", is_flag=True, help="A fifth household, which you set up on its page.")
@click.option("--cut", metavar="NAME", help="Cut this buyer's network in the middle of a trade, for 25 s.")
def demo(
    *,
    households: int,
    trades: int | None,
    seed: int,
    day: float,
    period: int,
    report: Path | None,
    headless: bool,
    keep: Path | None,
    timeout: float | None,
    address: IPv4Address,
    newcomer: bool,
    cut: str | None,
) -> None:
    """Run a neighbourhood that trades energy: real chain, real processes, a simulated bench.

    Exit codes: 0 ended as asked, 1 the trades did not come (with the reason), 69 it cannot start here.
    """
    from chain.daemon import Stop  # noqa: PLC0415 - the demo's packages only for the demo
    from simulation.demo.errors import DemoFailed, DemoRefused  # noqa: PLC0415
    from simulation.demo.options import Options  # noqa: PLC0415
    from simulation.demo.run import demo as run  # noqa: PLC0415
    from simulation.neighbourhood import ScenarioRefused  # noqa: PLC0415

    folder = report.absolute().parent if report is not None else Path()
    if not os.access(folder, os.W_OK | os.X_OK):  # found now, not when the trades are done
        raise click.BadParameter(
            f"{folder} is not there, or cannot be written: make it first", param_hint="--report"
        )
    options = Options(
        households=households,
        trades=trades,
        seed=seed,
        day=day,
        period=period,
        report=report,
        headless=headless,
        keep=keep,
        timeout=timeout,
        first=address,
        newcomer=newcomer,
        cut=cut,
    )
    try:
        run(options, Stop().on_signals())
    except ScenarioRefused as error:
        raise click.UsageError(str(error)) from error
    except DemoFailed as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(UNAVAILABLE if isinstance(error, DemoRefused) else FAILED)
