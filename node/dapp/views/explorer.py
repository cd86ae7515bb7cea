"""*Explorer*: the chain, decoded into words, for whoever wants to check."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chain.confirmations import depth as final_depth
from chain.errors import ChainError
from chain.keys import checksum
from node.dapp import phrases
from node.dapp.context import context
from node.dapp.errors import NotFound
from node.dapp.language import gettext as _
from node.dapp.ledger import Ledger
from node.dapp.ledger.turns import TURNS
from node.dapp.qr import picture
from store import snapshot

page = Blueprint("explorer", __name__, url_prefix="/explorer")

PAGE = 25

HASH = re.compile(r"0x[0-9a-fA-F]{64}\Z")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")


@page.errorhandler(ChainError)
def unreachable(error: ChainError) -> tuple[str, int]:
    """The node does not answer: say so, and what to do."""
    return render_template("explorer/silent.html", error=str(error)), 503


@page.get("/")
def home() -> str:
    """What happened last, and the newest blocks."""
    ledger, head = context().ledger, context().ledger.head()
    return render(
        "explorer/home.html",
        head=head,
        page=ledger.events(head, 12),
        blocks=ledger.blocks(range(head, max(head - 10, -1), -1), head, _depth()),
        households=ledger.households(),
        manifest=ledger.manifest,
        waiting=ledger.waiting(head),
        reach=ledger.reach(),
    )


@page.get("/events")
def events() -> str:
    """All events, page by page; `below` is the height to look down from."""
    ledger, head = context().ledger, context().ledger.head()
    below = below_or(head)
    return render("explorer/events.html", head=head, page=ledger.events(below, PAGE), below=below)


@page.get("/blocks")
def blocks() -> str:
    """All blocks, page by page."""
    ledger, head = context().ledger, context().ledger.head()
    top = below_or(head)
    found = ledger.blocks(range(top, max(top - PAGE, -1), -1), head, _depth())
    return render("explorer/blocks.html", head=head, blocks=found, top=top, size=PAGE)


@page.get("/transactions")
def transactions() -> str:
    """All transactions, page by page, or those of one account."""
    ledger, head = context().ledger, context().ledger.head()
    below, account = below_or(head), request.args.get("account")
    if account is not None:
        _check_address(account)
    deeds, older = ledger.deeds(below, PAGE, account)
    return render(
        "explorer/transactions.html",
        deeds=deeds,
        older=older,
        below=below,
        account=account,
        head=head,
        waiting=ledger.waiting(head) if below == head and account is None else [],
        reach=ledger.reach(),
    )


@page.get("/signers")
def signers() -> str:
    """Who seals the blocks, and who missed a turn."""
    ledger, head = context().ledger, context().ledger.head()
    told = snapshot.read(context().household.run / "chain.json")
    known = [] if told is None else [str(each) for each in told.fields.get("signers", ())]
    return render(
        "explorer/signers.html", turns=ledger.turns(head, known), head=head, blocks=min(TURNS, head)
    )


@page.get("/qr/<account>.svg")
def qr(account: str) -> Response:
    """An address as a picture that a phone reads."""
    _check_address(account)
    return picture(checksum(account))


@page.get("/block/<which>")
def block(which: str) -> str:
    """One block, by number or hash."""
    if not which.isdecimal() and not HASH.match(which):
        abort(404, _("A block is a number, or 0x and 64 hexadecimal digits."))
    ledger = context().ledger
    found, deeds = ledger.block(int(which) if which.isdecimal() else which)
    return render(
        "explorer/block.html",
        block=found,
        deeds=deeds,
        sealer=ledger.sealed_by(found),
        head=ledger.head(),
        depth=_depth(),
    )


@page.get("/tx/<tx_hash>")
def transaction(tx_hash: str) -> str:
    """One transaction: what it asked for, and what happened."""
    if not HASH.match(tx_hash):
        abort(404, _("A transaction is 0x and 64 hexadecimal digits."))
    ledger = context().ledger
    return render(
        "explorer/transaction.html", deed=ledger.transaction(tx_hash), head=ledger.head(), depth=_depth()
    )


@page.get("/address/<account>")
def address(account: str) -> str:
    """One account: whose it is, what it holds, what concerned it lately."""
    _check_address(account)
    ledger, head = context().ledger, context().ledger.head()
    below = below_or(head)
    return render(
        "explorer/address.html",
        account=ledger.account(account),
        page=ledger.events(below, PAGE, account),
        head=head,
        below=below,
    )


@page.get("/search")
def search() -> Response:
    """Go to what was typed: a block's number, a hash, an address, a household's name, an order."""
    asked = request.args.get("q", "").strip()[:100]
    return redirect(_place(asked, context().ledger))


def _place(asked: str, ledger: Ledger) -> str:
    number = asked.replace(" ", "").replace("#", "").removeprefix("block")
    if number.isdecimal():
        return url_for("explorer.block", which=str(int(number)))
    if ADDRESS.match(asked):
        return url_for("explorer.address", account=asked)
    if HASH.match(asked):
        return _by_hash(asked.lower(), ledger)
    for household in ledger.households():
        if asked and household.name.lower().startswith(asked.lower()):
            return url_for("explorer.address", account=household.account)
    raise NotFound(
        _(
            "Nothing is called “%(asked)s”. Search for a block's number, a transaction's or block's hash, an "
            "address, an order, or a household's name.",
            asked=asked,
        )
    )


def _by_hash(asked: str, ledger: Ledger) -> str:
    """An order of this household, a transaction, or a block: all three are 64 digits."""
    if context().trade(asked) is not None:
        return url_for("trades.one", order=asked)
    try:
        ledger.transaction(asked)
    except NotFound:
        found, _ = ledger.block(asked)
        return url_for("explorer.block", which=str(found.number))
    return url_for("explorer.transaction", tx_hash=asked)


def _check_address(account: str) -> None:
    if not ADDRESS.match(account):
        abort(404, _("An address is 0x and 40 hexadecimal digits."))


def below_or(head: int) -> int:
    """The height from which a page looks down, as its address says; else from the head."""
    return min(max(request.args.get("below", head, type=int), 0), head)


def _depth() -> int:
    chain = context().observe().chain
    return final_depth(chain.signers if chain and chain.signers else 3)


def render(template: str, **values: Any) -> str:
    """A page that tells of accounts and events in words."""
    return render_template(template, phrases=phrases, names=context().ledger.names(), **values)
