"""`commonwatt ask`: what the pages can ask for, from a shell: by the same book, under the same bounds.

It writes into the DApp's database, so it runs as the DApp's user; what becomes of it is decided where the
pages' requests are, by client-interaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click

from chain.daemon import Unavailable
from node.cli.listing import Listing
from node.cli.options import answer, asker, json_option, with_settings
from node.config import Settings
from node.dapp import typed
from node.dapp.control import EXPIRED, title
from node.dapp.errors import Mistyped
from node.dapp.users import FILE, MIGRATIONS
from node.intents.answers import Outcome, Told, open_answers
from node.intents.book import LASTING, IntentBook, Letter
from node.intents.errors import Malformed
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    OwnOffer,
    Pause,
    Resume,
    Revoke,
    SendTokens,
    SetOffer,
    Stop,
    recipient,
)
from quantities import Price, SoC, Tokens
from store.errors import StoreError

T = TypeVar("T")

LOOK = 0.2
"""Seconds between two looks for the answer."""

READ: dict[Limit, Callable[[str], SoC | Price | Tokens]] = {
    Limit.LIMIT: typed.soc,
    Limit.RESUME: typed.soc,
    Limit.MAX_PRICE: typed.price,
    Limit.DAILY_BUDGET: typed.tokens,
}


@click.group(cls=Listing)
def ask() -> None:
    """Ask the household's trader for something, as the pages do."""


@ask.command()
@click.option("--energy", metavar="WH", help="Buy so much, in Wh. [default: what lifts the battery]")
@json_option
@with_settings
def buy(settings: Settings, energy: str | None, as_json: bool) -> int:
    """Buy now, as if the battery had fallen below its limit."""
    return _ask(settings, BuyNow(energy=None if energy is None else _typed(typed.energy, energy)), as_json)


@ask.command()
@json_option
@with_settings
def stop(settings: Settings, as_json: bool) -> int:
    """Go home now, and buy nothing by itself for a while."""
    return _ask(settings, Stop(), as_json)


@ask.command()
@json_option
@with_settings
def pause(settings: Settings, as_json: bool) -> int:
    """Switch trading off, until it is switched on again."""
    return _ask(settings, Pause(), as_json)


@ask.command()
@json_option
@with_settings
def resume(settings: Settings, as_json: bool) -> int:
    """Switch trading on again; a stop is over as well."""
    return _ask(settings, Resume(), as_json)


@ask.command()
@click.argument("name", type=click.Choice([limit.value for limit in Limit]))
@click.argument("value", required=False)
@json_option
@with_settings
def limit(settings: Settings, name: str, value: str | None, as_json: bool) -> int:
    """Change a limit: percent, tokens, or tokens per kWh. Without VALUE: the configuration's again."""
    what = Limit(name)
    new = None if value is None else _typed(READ[what], value)
    return _ask(settings, ChangeLimit(limit=what, value=new), as_json)


@ask.command()
@click.argument("contact", type=click.IntRange(0, 2**32 - 1))
@click.argument("price", required=False)
@click.argument("most", required=False)
@click.option("--off", is_flag=True, help="Offer nothing there.")
@json_option
@with_settings
def offer(  # noqa: PLR0917 - click names them
    settings: Settings, contact: int, price: str | None, most: str | None, off: bool, as_json: bool
) -> int:
    """Offer at CONTACT for PRICE (tokens per kWh) up to MOST (Wh) an order. Without them: as configured."""
    if off:
        own = OwnOffer(price=Price(0), most=typed.energy("1"), on=False)
        return _ask(settings, SetOffer(contact=contact, offer=own), as_json)
    if price is None:
        return _ask(settings, SetOffer(contact=contact, offer=None), as_json)
    if most is None:
        raise click.UsageError("say how much one order may ask for as well, in Wh")
    own = OwnOffer(price=_typed(typed.price, price), most=_typed(typed.energy, most), on=True)
    return _ask(settings, SetOffer(contact=contact, offer=own), as_json)


@ask.command()
@click.argument("to")
@click.argument("amount")
@json_option
@with_settings
def send(settings: Settings, to: str, amount: str, as_json: bool) -> int:
    """Send AMOUNT tokens to TO: a household's name, or an account."""
    try:
        account = recipient(to)
    except Malformed as error:
        raise click.UsageError(str(error)) from None
    return _ask(settings, SendTokens(to=account, amount=_typed(typed.tokens, amount)), as_json)


@ask.command()
@click.argument("spender")
@json_option
@with_settings
def revoke(settings: Settings, spender: str, as_json: bool) -> int:
    """Let SPENDER, an account, take no tokens of this household any more: the wallet's page lists who may."""
    try:
        account = recipient(spender if spender.startswith("0x") else "")
    except Malformed as error:
        raise click.UsageError(str(error)) from None
    return _ask(settings, Revoke(spender=account), as_json)


def _typed(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except Mistyped as error:
        raise click.UsageError(str(error)) from None


def _ask(settings: Settings, intent: Intent, as_json: bool) -> int:
    """Write it down, wait for what becomes of it, and tell; 1: it was refused."""
    book = IntentBook(settings.paths.state / FILE, MIGRATIONS)
    try:
        letter = book.ask(intent, by=asker())
    finally:
        book.close()
    click.echo(f"{title(letter.kind, letter.body)}: asked", err=True)
    told = _awaited(settings, letter)
    facts = {
        "id": letter.id,
        "outcome": told.answer.outcome.value,
        "text": told.answer.text,
        "order": told.answer.order,
    }
    answer(as_json, facts, f"{told.answer.outcome.value}: {told.answer.text}")
    return 1 if told.answer.outcome is Outcome.REFUSED else 0


def _awaited(settings: Settings, letter: Letter) -> Told:
    until = time.monotonic() + LASTING + 2.0
    while time.monotonic() < until:
        try:
            with open_answers(settings.paths.state / "trade.db") as reader:
                if (told := reader.find(letter.id)) is not None:
                    return told
        except StoreError:
            pass  # client-interaction has never run here; it may be about to
        time.sleep(LOOK)
    raise Unavailable(EXPIRED)
