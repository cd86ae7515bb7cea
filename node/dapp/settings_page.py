"""What is behind *Settings*: the family's part of the configuration, as a form and as a text.

What is asked for here is judged and written by another process, and shown here when it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from node.changes import places, queue
from node.changes.request import HASH, MOST_KEYS, Change, Request
from node.changes.request import request as asking
from node.changes.told import Trouble
from node.dapp import changing, form
from node.dapp.configuration import Looked, Unread
from node.dapp.context import context
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.security import INCOMPLETE, current_name, form_id, may
from node.dotted import dotted
from store.requests import ID, new_id

log = structlog.get_logger(__name__)

Page = str | tuple[str, int] | Response

Again = Callable[[Mapping[str, str], Sequence[Trouble]], str]
"""Shows what was typed once more, with what is wrong with it."""

NOTHING = N_("Nothing was changed: the form says what the configuration says.")


def show() -> Page:
    """The form, what was changed last, and what waits."""
    return _form()


def change() -> Page:
    """Other values for some keys."""
    try:
        looked = context().configuration.look()
    except Unread as error:
        return _unread(error), 503
    changes = form.changes(looked, request.form)
    if not changes:
        return _form(request.form, [Trouble("", _(NOTHING))]), 400
    if len(changes) > MOST_KEYS:
        abort(400, _("This is too much at once: change it as YAML."))
    asked = asking(by=current_name(), base=base(), id=form_id(), changes=changes)
    return _tried(asked, said(changes), _form)


def text() -> Page:
    """The family's file as it is."""
    return _text()


def write() -> Page:
    """Another text for it."""
    given = request.form.get("text", "")
    return _tried(
        asking(by=current_name(), base=base(), id=form_id(), text=given), "another text of the file", _text
    )


def undo() -> Page:
    """Take the last change back: whether it is the last one is found by who applies it."""
    last = request.form.get("change", "")
    if not ID.match(last):
        abort(400, _("There is no such change."))
    return ask(asking(by=current_name(), base=base(), id=form_id(), undo=last), "the last change taken back")


def said(changes: Sequence[Change]) -> str:
    """What is to change, for the record."""
    return "; ".join(
        f"{dotted(each.key)}: {'left out' if each.value is None else each.value}" for each in changes
    )


def _tried(asked: Request, what: str, again: Again) -> Page:
    """Ask for it, unless it is wrong already as far as can be seen from here."""
    try:
        looked = context().configuration.tried(asked)
    except Unread as error:
        return _unread(error), 503
    if looked.troubles:
        return again(request.form, looked.troubles), 409 if looked.conflict else 400
    return ask(asked, what)


def ask(asked: Request, what: str) -> Page:
    """Write it down, and go where the answer will be seen."""
    put(asked, what)
    return redirect(url_for("settings.show", _anchor="changes"), 303)


def put(asked: Request, what: str) -> None:
    """Write it down for who applies it, and who asked for what into the record."""
    here = context()
    state = here.household.state
    changing.tidy(state)
    try:
        queue.put(state, asked)
    except OSError as error:
        log.warning("change_not_asked", error=str(error))
        folder = state / places.FOLDER
        abort(
            503,
            _(
                "This cannot be asked for: %(folder)s cannot be written (%(error)s).",
                folder=folder,
                error=error.strerror,
            ),
        )
    here.users.record(at=asked.at, by=asked.by, about="settings", what=f"asked for {what}"[:500])
    log.info("change_asked", id=asked.id, by=asked.by)


def _form(given: Mapping[str, str] | None = None, troubles: Sequence[Trouble] = ()) -> str:
    given = given or {}
    try:
        looked = context().configuration.look()
    except Unread as error:
        return _unread(error)
    return _page(
        "settings.html",
        looked,
        groups=form.groups(looked, given, troubles),
        troubles=form.elsewhere(looked, troubles),
        wrong=len(troubles),
    )


def _text(given: Mapping[str, str] | None = None, troubles: Sequence[Trouble] = ()) -> str:
    try:
        looked = context().configuration.look()
    except Unread as error:
        return _unread(error)
    says = looked.text if given is None else given.get("text", "")
    return _page("settings_yaml.html", looked, says=says, troubles=troubles)


def _unread(error: Unread) -> str:
    return _page("settings.html", None, unread=str(error))


def _page(template: str, looked: Looked | None, **more: object) -> str:
    state = context().household.state
    lines = changing.seen(state)
    if any(line.waits for line in lines):
        queue.nudge(state)
    return render_template(
        template,
        looked=looked,
        may=may("settings.change"),
        lines=lines,
        seen=places.trace(state),
        form_id=new_id(),
        **more,
    )


def base() -> str:
    """The file that was looked at, by its hash."""
    given = request.form.get("base", "")
    if not HASH.match(given):
        abort(400, _(INCOMPLETE))
    return given
