"""`commonwatt token`: make and revoke what other programs show to read the household's data."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import click

from node.cli.listing import Listing
from node.cli.options import answer, asker, day, json_option, with_settings
from node.config import Settings

SCOPES = ("read:readings", "read:trades", "read:relay", "read:chain", "metrics", "health")
"""As `node.dapp.api.tokens.Scope` has them; written here because help must not load that."""

DAY = 86_400.0


@click.group(cls=Listing)
def token() -> None:
    """App tokens: what programs show to read the household's data. No token changes anything."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may read; may be given several times.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="It expires after so many days. [default: never]")
@json_option
@with_settings
def create(settings: Settings, name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token, and show it this once."""
    from node.dapp.api.tokens import NAME, AppTokens, Scope  # noqa: PLC0415 - not for the help

    if not NAME.match(name):
        raise click.BadParameter(
            "lower case letters, digits, dots, hyphens and underscores, 63 at most, as in home-assistant",
            param_hint="NAME",
        )
    now = time.time()
    expires = None if days is None else now + days * DAY
    with closing(AppTokens(settings.paths.state)) as tokens:
        secret = tokens.create(name, map(Scope, scopes), now, expires, asker())
    url = f"http://{settings.dapp.listen}"
    facts: dict[str, Any] = {"name": name, "token": secret, "scopes": sorted(set(scopes))}
    facts |= {"expires": expires, "url": url}
    path = "/metrics" if set(scopes) <= {"metrics", "health"} else "/api/v1/"
    lines = [
        secret,
        f"It may: {', '.join(facts['scopes'])}.  It is kept nowhere: write it down.",
        f'Try it: curl -H "Authorization: Bearer {secret}" {url}{path}',
    ]
    answer(as_json, facts, "\n".join(lines))


@token.command(name="list")
@json_option
@with_settings
def listed(settings: Settings, as_json: bool) -> None:
    """Show which tokens there are, what they may read, and when they were last used."""
    from node.dapp.api.tokens import AppTokens  # noqa: PLC0415

    with closing(AppTokens(settings.paths.state)) as tokens:
        found = tokens.all()
    facts = [
        {
            "name": each.name,
            "scopes": sorted(each.scopes),
            "created": each.created,
            "used": each.used,
            "expires": each.expires,
        }
        for each in found
    ]
    lines = [
        f"{each.name}: {', '.join(sorted(each.scopes))}; made {day(each.created)}, "
        f"{'never used' if each.used is None else 'last used ' + day(each.used)}"
        f"{'' if each.expires is None else ', expires ' + day(each.expires)}"
        for each in found
    ]
    answer(as_json, {"tokens": facts}, "\n".join(lines) or "There is no token yet: commonwatt token create")


@token.command()
@click.argument("name")
@json_option
@with_settings
def revoke(settings: Settings, name: str, as_json: bool) -> None:
    """Let a token open nothing any more, from now on."""
    from node.dapp.api.tokens import AppTokens  # noqa: PLC0415

    with closing(AppTokens(settings.paths.state)) as tokens:
        tokens.revoke(name, time.time(), asker())
    answer(as_json, {"revoked": name}, f"{name} is revoked: it opens nothing any more.")
