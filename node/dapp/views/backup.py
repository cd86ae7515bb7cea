"""*Backup*: taken, told of and downloaded by operators."""

from __future__ import annotations

import time

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from node.dapp.context import context
from node.dapp.language import gettext as _
from node.dapp.security import current_name

page = Blueprint("backup", __name__, url_prefix="/backup")


@page.get("/")
def show() -> str:
    """What there is."""
    return _page("")


@page.post("/")
def begin() -> ResponseReturnValue:
    """Take one."""
    from node.dapp.backups import Busy  # noqa: PLC0415 - who never looks spares it

    try:
        context().backups.begin()
    except Busy as error:
        return _page(str(error)), 409
    _record("took a backup")
    return redirect(url_for("backup.show"), 303)


@page.post("/download")
def download() -> ResponseReturnValue:
    """All of it, as a tar file."""
    from node.dapp.backups import Busy  # noqa: PLC0415 - likewise

    here = context()
    if not here.exports.acquire(blocking=False):
        return _page(_("Others download now: try again in a minute.")), 409
    try:
        content = here.backups.tar()
    except Busy as error:
        here.exports.release()
        return _page(str(error)), 409
    _record("downloaded the backup")
    name = f"commonwatt-{here.household.name}-{time.strftime('%Y-%m-%d')}.tar"
    answer = Response(content, mimetype="application/x-tar")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.call_on_close(here.exports.release)
    return answer


def _record(what: str) -> None:
    context().users.record(at=time.time(), by=current_name(), about="backup", what=what)


def _page(problem: str) -> str:
    return render_template("backup.html", standing=context().backups.standing(), problem=problem)
