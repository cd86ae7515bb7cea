"""`commonwatt dapp`: serve the household's pages, and make the password that opens them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from chain.daemon import Unavailable
from node.cli.listing import Listing
from node.cli.options import answer, asker, chosen, config_option, json_option, with_settings
from node.config import Settings, load


@click.group(cls=Listing)
def dapp() -> None:
    """Serve the household's pages."""


@dapp.command()
@config_option
def run(files: tuple[Path, ...]) -> None:
    """Serve the pages until stopped: becomes gunicorn, with one worker."""
    from node.dapp import serve  # noqa: PLC0415 - not for its neighbours
    from node.dapp.household import from_settings  # noqa: PLC0415

    files = chosen(files)
    settings = load(files)
    if serve.taken(settings.dapp):
        raise Unavailable(
            f"cannot listen on {settings.dapp.listen}: another program does, or this host has no such "
            "address; stop the other, or change dapp.listen"
        )
    command = serve.arguments(from_settings(settings, files))
    sys.stderr.flush()
    os.execve(command[0], command, {**os.environ, **serve.ENVIRONMENT})  # noqa: S606 - no shell is wanted


@dapp.command()
@click.option("--user", default="home", show_default=True, help="Whose.")
@json_option
@with_settings
def password(settings: Settings, user: str, as_json: bool) -> None:
    """Make a new password, and show it this once. Who is logged in is logged out."""
    from node.dapp.users import FIRST_USER, has_users, set_password  # noqa: PLC0415

    state = settings.paths.state
    if user != FIRST_USER and not has_users(state, user):
        raise click.BadParameter(f"there is no user {user}: commonwatt user add {user}", param_hint="--user")
    made = set_password(state, user, by=asker())
    facts = {"user": user, "password": made, "url": f"http://{settings.dapp.listen}/"}
    lines = [facts["url"], f"user: {user}", f"password: {made}", "It is kept nowhere: write it down."]
    answer(as_json, facts, "\n".join(lines))


@dapp.command()
def openapi() -> None:
    """Write the API's description (OpenAPI 3.1), made from its code, to standard output."""
    from node.dapp.api.describing import document  # noqa: PLC0415

    click.echo(document(), nl=False)
