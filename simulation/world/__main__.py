"""`python -m simulation.world --spec world.json --socket world.sock --folder world`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from chain.daemon import configure_logs
from simulation.world.server import Server
from simulation.world.spec import WorldError, load

EXIT_CONFIGURATION = 78


@click.command()
@click.option("--spec", type=click.Path(path_type=Path), required=True, help="The world, as JSON.")
@click.option("--socket", type=click.Path(path_type=Path), required=True, help="Where drivers connect.")
@click.option(
    "--folder", type=click.Path(path_type=Path), required=True, help="Where the world keeps itself."
)
def main(spec: Path, socket: Path, folder: Path) -> None:
    """Let a simulated world pass in real time."""
    configure_logs()
    folder.mkdir(parents=True, exist_ok=True)

    async def run() -> None:
        await Server(load(spec), folder).run(socket)

    try:
        asyncio.run(run())
    except WorldError as error:
        click.echo(f"world: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)


if __name__ == "__main__":
    main()
