"""`commonwatt user`: who may open the household's pages, and as what."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from chain.errors import Misconfigured
from node.cli.listing import Listing
from node.cli.options import answer, asker, day, json_option, with_settings
from node.config import Settings

if TYPE_CHECKING:
    from node.dapp.users import Users

ROLES = ("viewer", "member", "operator")
"""As `node.dapp.permission.Role` has them; written here because help must not load that."""

WRITE_IT_DOWN = "It is kept nowhere: write it down."


@click.group(cls=Listing)
def user() -> None:
    """Who may open the household's pages: a viewer looks, a member asks, an operator sees the record."""


@user.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), default="member", show_default=True, help="What they may do."
)
@json_option
@with_settings
def add(settings: Settings, name: str, role: str, as_json: bool) -> None:
    """Let somebody in, with a password that is shown this once."""
    from node.dapp.permission import Role  # noqa: PLC0415 - not for the help
    from node.dapp.users import NAME, new_password  # noqa: PLC0415

    if not NAME.match(name):
        raise click.BadParameter(
            "a lower case letter, then letters, digits, dots, hyphens and underscores, 32 at most",
            param_hint="NAME",
        )
    password = new_password()
    with _users(settings) as users:
        users.add(name, Role(role), password, time.time(), asker())
    _shown(settings, as_json, name, password, role=role)


@user.command(name="setup-code")
@json_option
@with_settings
def setup_code(settings: Settings, as_json: bool) -> None:
    """Make the code that lets somebody begin the first run on the pages, and show it this once.

    It is for one use, within a day; any code before it is void.
    """
    from node.dapp import claims  # noqa: PLC0415 - not for the help

    if not settings.account.first_run:
        raise Misconfigured("there is no first run here: write account.first_run: true, and start anew")
    code = claims.setup_code(settings.paths.state, time.time(), asker())
    facts = {"code": code, "url": f"http://{settings.dapp.listen}/"}
    answer(as_json, facts, "\n".join([facts["url"], f"setup code: {code}", "For one use, within a day."]))


@user.command()
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@json_option
@with_settings
def role(settings: Settings, name: str, role: str, as_json: bool) -> None:
    """Give somebody another role. They are logged out."""
    from node.dapp.permission import Role  # noqa: PLC0415

    with _users(settings) as users:
        users.set_role(name, Role(role), time.time(), asker())
    answer(as_json, {"user": name, "role": role}, f"{name} is {role} now, and has to log in again.")


@user.command()
@click.argument("name")
@click.option("--second-factor", is_flag=True, help="Ask for no second factor any more: the phone is lost.")
@json_option
@with_settings
def reset(settings: Settings, name: str, second_factor: bool, as_json: bool) -> None:
    """Make a new password, and show it this once. Who is logged in by the old one is logged out."""
    from node.dapp.second import SecondFactors  # noqa: PLC0415
    from node.dapp.users import FILE, new_password  # noqa: PLC0415

    password = new_password()
    with _users(settings) as users:
        users.reset(name, password, time.time(), asker())
    if second_factor:
        with closing(SecondFactors(settings.paths.state / FILE, key=b"")) as seconds:
            seconds.remove(name, time.time(), asker())
    _shown(settings, as_json, name, password)


@user.command()
@click.argument("name")
@json_option
@with_settings
def remove(settings: Settings, name: str, as_json: bool) -> None:
    """Let somebody in no more. The record of what they did stays."""
    with _users(settings) as users:
        users.remove(name, time.time(), asker())
    answer(as_json, {"removed": name}, f"{name} is removed, and logged out.")


@user.command(name="list")
@json_option
@with_settings
def listed(settings: Settings, as_json: bool) -> None:
    """Show who there is, as what, and when they were last here."""
    with _users(settings) as users:
        found = users.all()
    facts = [vars(each) for each in found]
    lines = [
        f"{each.name}: {each.role}; {'second factor' if each.second_factor else 'no second factor'}; "
        f"password of {day(each.changed)}; "
        f"{'not logged in' if each.seen is None else 'last here ' + day(each.seen)}"
        for each in found
    ]
    answer(as_json, {"users": facts}, "\n".join(lines) or "There is nobody yet: commonwatt dapp password")


def _users(settings: Settings) -> closing[Users]:
    from node.dapp.users import FILE, Users  # noqa: PLC0415

    return closing(Users(settings.paths.state / FILE))


def _shown(settings: Settings, as_json: bool, name: str, password: str, **more: Any) -> None:
    facts = {"user": name, "password": password, "url": f"http://{settings.dapp.listen}/", **more}
    lines = [facts["url"], f"user: {name}", f"password: {password}", WRITE_IT_DOWN]
    answer(as_json, facts, "\n".join(map(str, lines)))
