"""The switch between languages: on the login, in the first run, and on everybody's own account."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from node.dapp.language import gettext as _
from node.dapp.security import local_path
from node.dapp.spoken import LANGUAGES, keep

page = Blueprint("language", __name__)


@page.post("/language")
def choose() -> Response:
    """Answer this browser in that language from now on."""
    spoken = request.form.get("language", "")
    if spoken not in LANGUAGES:
        abort(400, _("These pages do not speak that language."))
    answer = redirect(local_path(request.form.get("back")), 303)
    keep(answer, spoken, request.is_secure)
    return answer
