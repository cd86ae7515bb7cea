"""`commonwatt tokens`: the treasurer's desk, for whoever holds the minter's key."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from node.cli import gas
from node.cli.listing import Listing
from node.cli.options import answer
from node.cli.progress import followed
from node.cli.till import at_the_desk, sitting

if TYPE_CHECKING:
    from node.treasury.desk import Desk, Outcome
    from node.treasury.money import Money


@click.group(cls=Listing)
def tokens() -> None:
    """Issue tokens for money, pay money out for tokens, keep the book of both; give ether for fees."""


tokens.add_command(gas.gas)


@tokens.command()
@click.argument("household")
@click.argument("amount", metavar="TOKENS")
@click.option("--paid", required=True, metavar="MONEY", help='What was paid in, as "25.00 EUR".')
@click.option("--reference", default="", help="What to find the payment by; once for each household.")
@at_the_desk
def issue(*, household: str, amount: str, paid: str, reference: str, as_json: bool, **where: Any) -> None:
    """Mint tokens for money that a household has paid in.

    It is written down before it is sent. If the command was ended before it could answer, repeat it with the
    same words: it goes on, and nothing is minted twice.
    """
    asked, money = _tokens(amount), _money(paid)
    with _desk(**where) as desk:
        done = desk.issue(household, asked, money, reference)
        _told(desk, done, as_json, f"{asked} tokens issued to {done.entry.name} for {money}")


@tokens.command("cash-out")
@click.argument("transfer", required=False)
@click.option("--paid", metavar="MONEY", help='What was paid out, as "10.00 EUR".')
@click.option("--reference", default="", help="What to find the payment by; once for each household.")
@at_the_desk
def cash_out(*, transfer: str | None, paid: str | None, reference: str, as_json: bool, **where: Any) -> None:
    """Burn tokens that a household has sent here, for money that was paid out to it.

    TRANSFER is the transaction with which they came; without it, all that have come and were not cashed out
    are listed. Each is used once, whatever crashes: repeat the command with the same words.
    """
    if transfer is None:
        with _desk(**where) as desk:
            listed = [
                {"transfer": came.id, "from": came.sender, "tokens": str(came.tokens), "at": came.at}
                for came in desk.waiting()
            ]
        told = [f"{each['transfer']}  {each['tokens']} tokens from {each['from']}" for each in listed]
        answer(as_json, {"waiting": listed}, "\n".join(told) or "no tokens wait to be cashed out")
        return
    if paid is None:
        raise click.UsageError('say what was paid out: --paid "10.00 EUR"')
    money = _money(paid)
    with _desk(**where) as desk:
        done = desk.cash_out(transfer, money, reference)
        burned = -done.entry.tokens
        _told(desk, done, as_json, f"{burned} tokens of {done.entry.name} burned, {money} paid out")


@tokens.command()
@click.argument("transaction")
@click.option("--reference", required=True, help="Why there are, or are no longer, these tokens.")
@at_the_desk
def explain(*, transaction: str, reference: str, as_json: bool, **where: Any) -> None:
    """Write a mint or burn down that the ledger names as a difference, with the reason for it."""
    from node.treasury.explaining import explain as explained  # noqa: PLC0415 - only what each command needs

    with _desk(**where) as desk:
        made = explained(desk, transaction, reference)
    facts = [{"entry": entry.id, "tokens": str(entry.tokens), "household": entry.name} for entry in made]
    lines = [f"entry {entry.id}: {entry.tokens} tokens of {entry.name}: {reference}" for entry in made]
    answer(as_json, {"explained": facts}, "\n".join(lines))


@tokens.command()
@click.option("--from", "first", metavar="DAY", help="First day shown, as 2026-11-01. [default: all]")
@click.option("--to", "last", metavar="DAY", help="Last day shown. [default: all]")
@click.option("--csv", "as_csv", is_flag=True, help="Answer in CSV.")
@click.option("--time-zone", metavar="ZONE", help="As Europe/Paris. [default: this host's]")
@at_the_desk
@click.pass_context
def ledger(
    context: click.Context,
    /,
    *,
    first: str | None,
    last: str | None,
    as_csv: bool,
    time_zone: str | None,
    as_json: bool,
    **where: Any,
) -> None:
    """Show the book and its balances, checked against every token that was made or burned on the chain.

    Exit code 1 when they differ; each difference is named with its transaction.
    """
    from node.statement.period import zone  # noqa: PLC0415 - only what each command needs
    from node.treasury import showing  # noqa: PLC0415
    from node.treasury.overview import overview  # noqa: PLC0415

    there = zone(time_zone)
    span = showing.Span.of(first, last, there)
    with _desk(**where) as desk, followed("blocks read") as progress:
        desk.finish()
        seen = overview(
            desk.client,
            desk.manifest,
            desk.book.entries(),
            treasurer=desk.address,
            last=desk.last(),
            progress=progress,
        )
    if as_csv:
        click.echo(showing.as_csv(seen, span, there), nl=False)
    else:
        lines = showing.as_text(seen, span, there)
        answer(as_json, showing.as_facts(seen, span, there), "\n".join(lines))
    context.exit(0 if seen.checked.equal else 1)


def _desk(**where: Any) -> AbstractContextManager[Desk]:
    from node.treasury.desk import Desk  # noqa: PLC0415 - only what each command needs

    return sitting(Desk, **where)


def _told(desk: Desk, done: Outcome, as_json: bool, text: str) -> None:
    """Answer, and only then note that it was answered."""
    entry = done.entry
    facts = {
        "entry": entry.id,
        "household": entry.name,
        "tokens": str(entry.tokens.value),
        "money": str(entry.money),
        "reference": entry.reference,
        "transaction": entry.transaction,
        "earlier": done.earlier,
    }
    written = datetime.fromtimestamp(entry.at).strftime("%Y-%m-%d %H:%M")
    why = (
        f"\nthis was written down at {written} by a run that was ended: nothing was done twice. "
        "To do it once more, run the command again"
    )
    answer(
        as_json,
        facts,
        f"entry {entry.id}: {text}, transaction {entry.transaction}{why if done.earlier else ''}",
    )
    desk.book.told(entry.id)


def _tokens(text: str) -> Any:
    from quantities import Tokens  # noqa: PLC0415 - only what each command needs

    try:
        return Tokens.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="TOKENS") from error


def _money(text: str) -> Money:
    from node.treasury.money import Money  # noqa: PLC0415 - only what each command needs

    try:
        return Money.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--paid") from error
