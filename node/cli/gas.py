"""`commonwatt tokens gas`: ether for fees, to households that have too little left."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from node.cli.authority import ETHER, wei
from node.cli.options import answer
from node.cli.till import at_the_desk, sitting

if TYPE_CHECKING:
    from node.treasury.gas import Portion

SHORT = 1
"""Exit code when somebody is short whom the bounds give no more."""

amount = partial(click.option, show_default=True, metavar="ETHER")


@click.command()
@click.option(
    "--full", default="1", show_default=True, metavar="ETHER", help="What a household is filled up to."
)
@click.option("--household", default="1", show_default=True, metavar="ETHER", help="At most to one in a day.")
@click.option(
    "--all", "all_", default="10", show_default=True, metavar="ETHER", help="At most to all in a day."
)
@click.option("--dry-run", is_flag=True, help="Only say who is short, and what would be given.")
@at_the_desk
@click.pass_context
def gas(
    context: click.Context,
    /,
    *,
    full: str,
    household: str,
    all_: str,
    dry_run: bool,
    as_json: bool,
    **where: Any,
) -> None:
    """Give ether for fees to each admitted household that has less than its open orders need.

    It comes from the account whose key is named, within the day's bounds: the gas credit is a household's
    quota against spam. Each gift is written down before it is sent; a command that was ended is repeated,
    and gives nothing twice. Meant to be run each hour. Exit code 1 when somebody stays short.
    """
    from node.treasury.faucet import Faucet  # noqa: PLC0415 - only what each command needs
    from node.treasury.gas import Bounds  # noqa: PLC0415

    bounds = Bounds(full=wei(full, "--full"), household=wei(household, "--household"), all=wei(all_, "--all"))
    with sitting(Faucet, **where) as faucet:
        found = faucet.due(bounds)[1] if dry_run else faucet.top_up(bounds)
    facts = [
        {
            "household": each.account.name,
            "account": each.account.account,
            "had_wei": str(each.account.balance),
            "needs_wei": str(each.account.needs),
            "given_wei": "0" if dry_run else str(each.wei),
            "due_wei": str(each.wei),
            "bound": each.bound,
            "enough": each.enough,
        }
        for each in found
    ]
    told = "\n".join(told_of(found, dry_run=dry_run)) or "everybody has what is needed"
    answer(as_json, {"short": facts, "dry_run": dry_run}, told)
    context.exit(0 if all(each.enough for each in found) else SHORT)


def told_of(found: list[Portion], *, dry_run: bool) -> Iterator[str]:
    """For people."""
    for each in found:
        has, needs = each.account.balance / ETHER, each.account.needs / ETHER
        given = f"{'would be' if dry_run else 'was'} given {each.wei / ETHER:.4f}"
        held = f", no more by {each.bound}" if each.bound else ""
        yield f"{each.account.name} had {has:.4f} ether, needs {needs:.4f}: {given}{held}"
