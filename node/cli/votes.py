"""`commonwatt chain propose`: this node's vote about who may seal."""

from __future__ import annotations

import time

import click

from chain.errors import Misconfigured
from node.cli.options import answer, json_option, with_settings
from node.config import Settings

LOOK = 0.5
"""Seconds between two looks at the signers."""


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option("--add/--remove", "admits", default=None, help="Whether it is to be a signer.")
@click.option("--withdraw", is_flag=True, help="Vote no more about it.")
@click.option(
    "--wait", default=60, show_default=True, type=click.IntRange(min=0), help="Seconds to wait for it."
)
@json_option
@with_settings
@click.pass_context
def propose(
    context: click.Context,
    settings: Settings,
    *,
    account: str,
    admits: bool | None,
    withdraw: bool,
    wait: int,
    as_json: bool,
) -> None:
    """Vote in this signer's blocks that ACCOUNT become a signer, or be one no longer.

    A majority of the signers has to vote so, each on its own host. A vote that has come true is taken back
    by itself; one that has not within --wait seconds stands (exit code 1): repeat the command to see how it
    does. Needs the node's administrative socket: run it as the chain's user, or as root.
    """
    from chain import votes  # noqa: PLC0415 - only what each command needs
    from chain.keys import checksum  # noqa: PLC0415

    if withdraw is (admits is not None):
        raise click.UsageError("say one of --add, --remove and --withdraw")
    try:
        whose = checksum(account)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ACCOUNT") from None
    if settings.chain.node is None or settings.chain.node.seal is None:
        raise Misconfigured("this host seals no blocks (chain.node.seal): only signers vote")
    plan = settings.chain.plan()
    now = votes.standing(plan)
    if admits is None:
        votes.discard(plan, whose)
        answer(as_json, {"signers": sorted(now.signers), "vote": None}, f"no vote about {whose} any more")
        return
    votes.refusal(now, whose, admits)
    advice = votes.warning(now, whose, admits)
    if advice is not None:
        click.echo(f"warning: {advice}", err=True)
    if not votes.come_true(now, whose, admits):
        votes.vote(plan, whose, admits)
        end = time.monotonic() + wait
        while not votes.come_true(now := votes.standing(plan), whose, admits) and time.monotonic() < end:
            time.sleep(LOOK)
    done = votes.come_true(now, whose, admits)
    if done:
        votes.discard(plan, whose)
    wish = "a signer" if admits else "no signer"
    lines = [
        f"{whose} is {wish}" if done else f"voted; {whose} is not {wish} yet: the other signers have to vote"
    ]
    lines += [f"signer {each}" for each in sorted(now.signers)]
    answer(as_json, {"done": done, "signers": sorted(now.signers)}, "\n".join(lines))
    context.exit(0 if done else 1)
