"""`commonwatt logger` and `commonwatt client-interaction`: the two processes that only run."""

from __future__ import annotations

import click

from node.cli.options import with_settings
from node.config import Settings


@click.group()
def logger() -> None:
    """Read the sensors and keep what they say."""


@logger.command(name="run")
@with_settings
@click.pass_context
def run_logger(context: click.Context, settings: Settings) -> None:
    """Log the household's meters until stopped."""
    from chain.daemon import Stop, configure_logs  # noqa: PLC0415 - each daemon pays for its own
    from node.logger.run import run  # noqa: PLC0415

    configure_logs()
    context.exit(
        run(
            settings.sensors,
            settings.battery,
            settings.readings,
            run_folder=settings.paths.run,
            state_folder=settings.paths.state,
            stop=Stop().on_signals(),
        )
    )
