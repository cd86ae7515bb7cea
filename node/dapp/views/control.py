"""*Control*: what the household may be asked for, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from node.dapp import typed
from node.dapp.context import context
from node.dapp.errors import Mistyped
from node.dapp.language import gettext as _
from node.dapp.security import current_name, form_id, local_path
from node.dapp.told import told
from node.intents.errors import AskedAlready, Malformed
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    OwnOffer,
    Pause,
    Resume,
    SendTokens,
    SetOffer,
    Stop,
    read,
    recipient,
)
from quantities import Price, SoC, Tokens
from store.requests import new_id

log = structlog.get_logger(__name__)

page = Blueprint("control", __name__)

Page = str | tuple[str, int] | Response

BUTTONS: dict[str, Intent] = {"buy": BuyNow(), "stop": Stop(), "pause": Pause(), "resume": Resume()}

READ: dict[Limit, Callable[[str], SoC | Price | Tokens]] = {
    Limit.LIMIT: typed.soc,
    Limit.RESUME: typed.soc,
    Limit.MAX_PRICE: typed.price,
    Limit.DAILY_BUDGET: typed.tokens,
}


@page.get("/control")
def show() -> str:
    """Buttons, limits, offers, tokens, and the last requests."""
    return _page("")


@page.post("/control/ask")
def ask() -> Page:
    """A button: buy, stop, pause, resume; buying may name an amount."""
    kind = request.form.get("kind", "")
    if kind not in BUTTONS:
        abort(400, _("There is no such button."))
    amount = request.form.get("energy", "").strip()
    if kind != "buy" or not amount:
        return _asked(BUTTONS[kind])
    try:
        return _asked(BuyNow(energy=typed.energy(amount)))
    except Mistyped as error:
        return _page(str(error)), 400


@page.post("/control/limit")
def limit() -> Page:
    """One limit: a value, or the configuration's again."""
    try:
        name = Limit(request.form.get("limit", ""))
    except ValueError:
        abort(400, _("There is no such limit."))
    value: SoC | Price | Tokens | None = None
    try:
        if "reset" not in request.form:
            value = READ[name](request.form.get("value", ""))
    except Mistyped as error:
        return _page(str(error)), 400
    return _asked(ChangeLimit(limit=name, value=value))


@page.post("/control/offer")
def offer() -> Page:
    """One feed's offer: price, most, on or off; or the configuration's again."""
    contact = request.form.get("contact", type=int)
    if contact is None or not 0 <= contact < 2**32:
        abort(400, _("There is no such contact."))
    if "reset" in request.form:
        return _asked(SetOffer(contact=contact, offer=None))
    try:
        own = OwnOffer(
            price=typed.price(request.form.get("price", "")),
            most=typed.energy(request.form.get("most", "")),
            on="on" in request.form,
        )
    except Mistyped as error:
        return _page(str(error)), 400
    return _asked(SetOffer(contact=contact, offer=own))


@page.post("/control/send")
def send() -> Page:
    """Tokens to another household: shown once more before they are asked for."""
    try:
        intent = _transfer()
    except Mistyped as error:
        return _page(str(error)), 400
    if "sure" in request.form:
        return _asked(intent)
    return render_template("send.html", intent=intent, form=new_id())


@page.post("/control/revoke")
def revoke() -> Page:
    """Somebody may take none of the tokens any more."""
    try:
        intent = read("revoke", json.dumps({"spender": request.form.get("spender", "")}))
    except Malformed as error:
        return _page(str(error)), 400
    return _asked(intent)


def _transfer() -> SendTokens:
    amount = typed.tokens(request.form.get("amount", ""))
    if not amount:
        raise Mistyped(_("Write an amount of more than nothing."))
    to = request.form.get("to", "").strip()
    try:
        return SendTokens(to=recipient(to if to.startswith("0x") else to.lower()), amount=amount)
    except Malformed as error:
        raise Mistyped(told(str(error))) from None


def _asked(intent: Intent) -> Page:
    """Write it down, and go where the answer will be seen."""
    by, form = current_name(), form_id()
    try:
        letter = context().book.ask(intent, by=by, id=form)
        log.info("asked", id=letter.id, kind=letter.kind, by=by)
    except AskedAlready:
        log.info("asked_already", id=form, by=by)
    return redirect(f"{local_path(request.form.get('back'))}#asked", 303)


def _page(problem: str) -> str:
    here = context()
    return render_template(
        "control.html",
        control=here.control(),
        problem=problem,
        given=request.form,
        names=here.neighbours(),
        back=url_for("control.show"),
    )
