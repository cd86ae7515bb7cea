"""*Trades*: purchased against consumed, and what happened in each."""

from __future__ import annotations

import re

from flask import Blueprint, abort, render_template, request

from node.dapp.context import context
from node.dapp.errors import NotFound
from node.dapp.language import gettext as _
from node.dapp.story import STATES, Story, paid

page = Blueprint("trades", __name__)

PAGE = 25

ORDER = re.compile(r"0x[0-9a-fA-F]{64}\Z")


@page.get("/trades")
def listed() -> str:
    """The newest trades; `before` (Unix seconds) turns the page."""
    before = request.args.get("before", type=float)
    trades = context().trades(PAGE + 1, before)
    more = trades[PAGE - 1].created if trades and len(trades) > PAGE else None
    return render_template(
        "trades.html",
        trades=(trades or [])[:PAGE],
        more=more,
        before=before,
        unread=trades is None,
        states=STATES,
        paid=paid,
    )


@page.get("/trades/<order>")
def one(order: str) -> str:
    """One trade with its timeline, each step with its proof."""
    if not ORDER.match(order):
        abort(404, _("An order is 0x and 64 hexadecimal digits."))
    found = context().trade(order.lower())
    if found is None:
        raise NotFound(_("This household has no such trade. Its trades are listed under Trades."))
    trade, steps = found
    return render_template(
        "trade.html",
        trade=trade,
        states=STATES,
        story=Story(trade, tuple(steps)),
        recorded=context().recorded(trade, steps),
    )
