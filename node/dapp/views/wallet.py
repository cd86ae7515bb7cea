"""*Wallet*: what the household holds on the chain, who may take of it, and what came and went."""

from __future__ import annotations

from flask import Blueprint, render_template

from chain.errors import ChainError
from node.dapp.context import context
from node.dapp.views.explorer import below_or, render, unreachable

page = Blueprint("wallet", __name__)

page.register_error_handler(ChainError, unreachable)

PAGE = 25


@page.get("/wallet")
def show() -> str:
    """The household's own account; `below` is the height from which its history goes down."""
    here = context()
    ledger, head = here.ledger, here.ledger.head()
    name = here.household.name
    own = next((each.account for each in ledger.households() if each.name == name), None)
    if own is None:
        return render_template("wallet.html", account=None)
    below = below_or(head)
    return render(
        "wallet.html",
        account=ledger.account(own),
        allowances=ledger.allowances(own),
        page=ledger.events(below, PAGE, own),
        head=head,
        below=below,
        sends=here.control().sends,
    )
