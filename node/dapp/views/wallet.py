"""*Wallet*: what the household holds on the chain, who may take of it, what came and went, month by month."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template

from chain.errors import ChainError
from node.dapp import language
from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.views.explorer import below_or, render, unreachable
from node.local_time import local_day, zone

if TYPE_CHECKING:
    from node.dapp.statements import Found

page = Blueprint("wallet", __name__)

page.register_error_handler(ChainError, unreachable)

Page = Response | tuple[str, int]

PAGE = 25

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)

MONTHS = 12
"""Named on the page; older ones have an address, too."""


@page.get("/wallet")
def show() -> str:
    """The household's own account; `below` is the height from which its history goes down."""
    here = context()
    ledger, head = here.ledger, here.ledger.head()
    own = here.account()
    if own is None:
        return render_template("wallet.html", account=None)
    below = below_or(head)
    control = here.control()
    there = zone(here.household.time_zone)
    since = local_day(ledger.founded(head) * 1_000, there)
    return render(
        "wallet.html",
        account=ledger.account(own),
        allowances=ledger.allowances(own),
        page=ledger.events(below, PAGE, own),
        head=head,
        below=below,
        sends=control.sends,
        control=control,
        months=list(months(local_day(int(time.time() * 1_000), there), since)),
    )


@page.get("/wallet/<month>")
def month(month: str) -> Page:
    """A month's statement: a document of its own, made for paper."""
    from node.statement.page import as_html  # noqa: PLC0415 - who never asks for one spares it

    found = _read(month)
    if found is None or found.paper is None:
        return _not_yet(month, found)
    document = as_html(found.paper)
    answer = Response(document, mimetype="text/html")
    # Its style stands within it, so that it can be kept as one file: that style counts, and nothing else.
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src '{_style(document)}'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer


@page.get("/wallet/<month>.csv")
def month_table(month: str) -> Page:
    """The same as a table."""
    from node.statement.table import as_csv  # noqa: PLC0415 - likewise

    found = _read(month)
    if found is None or found.paper is None:
        return _not_yet(month, found)
    file = f"{context().household.name}-{month}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(as_csv(found.paper), mimetype="text/csv", headers=headers)


def _read(text: str) -> Found | None:
    from node.statement.errors import StatementError  # noqa: PLC0415 - likewise
    from node.statement.period import Month  # noqa: PLC0415

    here = context()
    try:
        wanted = Month.parse(text, zone(here.household.time_zone))
    except StatementError as error:
        abort(404, f"{error}.")
    if here.statements is None:
        abort(404, _("There is no chain here, so there are no statements (chain in the configuration)."))
    return here.statements.of(wanted)


def _not_yet(month: str, found: Found | None) -> tuple[str, int]:
    """It is being read, or cannot be."""
    problem = found.problem if found else ""
    return render_template("statement.html", month=month, problem=problem), 503 if problem else 202


def _style(document: str) -> str:
    """The one style within a document, as a content policy names it (CSP level 2, hash-source)."""
    found = STYLE.search(document)
    digest = hashlib.sha256((found[1] if found else "").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def months(today: date, since: date) -> Iterator[tuple[str, str]]:
    """As the address has them and as people write them: the newest first, at most a year, none before."""
    first = today.replace(day=1)
    for _month in range(MONTHS):
        yield f"{first:%Y-%m}", language.written(first, "%B %Y")
        first = (first - timedelta(days=1)).replace(day=1)
        if first < since.replace(day=1):
            return
