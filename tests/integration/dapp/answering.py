"""The trader's desk behind made-up pages: real letters, judgements and answers, over a made-up situation."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from contracts.bindings import Household, Role
from node.client_interaction.actors.desk import Desk, Means, moment
from node.client_interaction.actors.mailbox import Mailbox
from node.client_interaction.loop import MIGRATIONS
from node.client_interaction.situation import Battery, Chain, Situation
from node.config import load
from node.dapp.users import FILE
from node.intents import published
from node.wallet.database import Database
from node.wallet.journal import Journal
from quantities import SoC, Tokens
from store import snapshot
from tests.alongside import alongside
from tests.integration.dapp.made_up import ALDER

TOKEN = "0x" + "70" * 20
BIRCH = "0x" + "b1" * 20
HOUSEHOLDS = {ALDER.lower(): Household(ALDER, "alder", Role.PRODUCER, "", "")}


@contextmanager
def answering(folder: Path) -> Iterator[None]:
    """Answer what the pages of the household in this folder ask for, until the end."""
    with alongside(partial(_answer, folder)):
        yield


def _answer(folder: Path, over: threading.Event) -> None:
    settings = load([folder / "commonwatt.yml"])
    state = settings.paths.state
    database = Database(state / "trade.db", MIGRATIONS)
    desk = Desk(settings, BIRCH, database, Journal(database))
    mailbox = Mailbox(state / FILE, lambda: None)
    mailbox.start()
    try:
        while not over.wait(0.05):
            now = moment()
            situation = Situation(
                now=snapshot.boottime(),
                wall=time.time(),
                battery=Battery(soc=SoC(4_130), age=0.5),
                chain=Chain(head=100, balance=Tokens.parse(90), period=1.0, depth=1),
                wishes=desk.in_force(now).wishes,
            )
            desk.attend(mailbox.letters, situation, HOUSEHOLDS, Means(token=TOKEN, buy=_no_order))
            published.write(settings.paths.run, desk.published(now, buys=True))
    finally:
        mailbox.stop()
        database.close()


def _no_order(_: object) -> str:
    raise AssertionError("nobody sells here")
