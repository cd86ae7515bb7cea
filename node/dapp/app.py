"""The application: every page of one household, made from what `Household` says of it."""

from __future__ import annotations

import time
import zlib
from functools import cache, partial
from importlib import import_module
from pathlib import Path

import structlog
from flask import Flask, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException

from node.dapp import language, words
from node.dapp.api.doorway import Doorway
from node.dapp.compressed import compress
from node.dapp.context import Context
from node.dapp.errors import NotFound
from node.dapp.household import Household
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.second import SecondFactors
from node.dapp.secret import session_key
from node.dapp.security import protect
from node.dapp.spoken import speak, speaking
from node.dapp.told import told
from node.dapp.tries import Tries
from node.dapp.users import FILE, MIGRATIONS, Users
from node.dapp.way_back import way_back
from node.intents.book import IntentBook
from store.requests import new_id

log = structlog.get_logger(__name__)

PAGES = (
    "login",
    "language",
    "first",
    "account",
    "now",
    "energy",
    "control",
    "trades",
    "wallet",
    "neighbourhood",
    "devices",
    "contacts",
    "settings",
    "logs",
    "backup",
    "explorer",
    "charts",
    "live",
    "install",
)
"""Modules of `node.dapp.views`, each with a blueprint `page`. A new page is one module and its name here."""

MENU = (
    ("now.show", N_("Now"), "bolt"),
    ("energy.show", N_("Energy"), "bars"),
    ("trades.listed", N_("Trades"), "swap"),
    ("control.show", N_("Control"), "sliders"),
    ("wallet.show", N_("Wallet"), "coins"),
    ("neighbourhood.show", N_("Neighbourhood"), "neighbours"),
    ("devices.show", N_("Devices"), "plug"),
    ("settings.show", N_("Settings"), "gear"),
    ("explorer.home", N_("Explorer"), "blocks"),
)
"""Endpoint, title and icon; a phone shows the first four, and the rest under “More”."""

SPOKEN = [
    "ago",
    "amount",
    "capital",
    "clock",
    "energy",
    "exact",
    "grouped",
    "iso",
    "percent",
    "price",
    "short",
    "term",
    "tokens",
]
"""Functions of `node.dapp.words` that templates use as filters."""

TITLES = (
    N_("Bad Request"), N_("Unauthorized"), N_("Forbidden"), N_("Not Found"), N_("Method Not Allowed"),
    N_("Conflict"), N_("Content Too Large"), N_("Request Entity Too Large"), N_("Too Many Requests"),
    N_("Internal Server Error"), N_("Service Unavailable"),
)  # fmt: skip
"""Of refusals, as Werkzeug calls them."""

REASONS = (
    N_(
        "The requested URL was not found on the server. If you entered the URL manually please check your "
        "spelling and try again."
    ),
    N_("The method is not allowed for the requested URL."),
    N_("The data value transmitted exceeds the capacity limit."),
)
"""Why, as it says where we say nothing better."""

LARGEST_FORM = 64 * 1024
"""Bytes."""


def create_app(household: Household) -> Flask:
    """Make the application.

    Raises:
        StoreError: `dapp.db` cannot be opened.
        OSError: the session key cannot be kept in the state folder.
    """
    app = Flask(__name__, static_folder="static", template_folder="templates")
    household.state.mkdir(parents=True, exist_ok=True)
    users = Users(household.state / FILE)
    key = session_key((household.state / FILE).resolve().with_name("dapp.secret"))
    app.session_interface = Cookies()
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME=f"commonwatt-{household.name}",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=household.session,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        SEND_FILE_MAX_AGE_DEFAULT=365 * 86_400,
    )
    book = IntentBook(household.state / FILE, MIGRATIONS)
    seconds = SecondFactors(household.state / FILE, key)
    here = Context(household, users, seconds, Tries(), book, partial(speaking, app))
    app.extensions["commonwatt"] = here
    protect(app, here)
    compress(app)
    for name in PAGES:
        app.register_blueprint(import_module(f"node.dapp.views.{name}").page)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Exception, _failed)
    speak(app)
    _speak(app, household)
    app.wsgi_app = Doorway(app)  # type: ignore[method-assign]  # as Flask's documentation wraps it
    return app


class Cookies(SecureCookieSessionInterface):
    """Sessions whose cookie is for encrypted connections only, where it was given over one."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Over plain HTTP, as on a home's own network, a cookie that asks for TLS would never come back."""
        return request.is_secure


def _speak(app: Flask, household: Household) -> None:
    """What templates may say."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        household=household,
        menu=MENU,
        asset=asset,
        built=built,
        now=time.time,
        words=words,
        new_id=new_id,
        way_back=way_back,
    )
    for name in SPOKEN:
        app.jinja_env.filters[name] = getattr(words, name)
    app.jinja_env.filters.update(told=told, number=language.number)


def asset(name: str) -> str:
    """The address of a static file, with its content's checksum: browsers may keep it for ever."""
    return url_for("static", filename=name, v=_checksum(name))


def built(name: str) -> bool:
    """Whether the front end's bundle was made; without it the pages work, but stand still."""
    return (Path(__file__).parent / "static" / name).exists()


@cache
def _checksum(name: str) -> str:
    return f"{zlib.crc32((Path(__file__).parent / 'static' / name).read_bytes()):08x}"


def _refused(error: HTTPException) -> tuple[str, int] | HTTPException:
    """Any answer that is not a page: in words, with what to do."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    return _page(_(error.name), _(error.description) if error.description else "", error.code or 500)


def _not_found(error: NotFound) -> tuple[str, int]:
    return _page(_("Not here"), str(error), 404)


def _failed(error: Exception) -> tuple[str, int]:
    log.exception("page_failed", path=request.path)
    text = _("It is in the log of the DApp; the household goes on.")
    return _page(_("Something went wrong here"), text, 500)


def _page(title: str, text: str, code: int) -> tuple[str, int]:
    if request.path.startswith("/data/"):
        return text, code
    return render_template("error.html", title=title, text=text, code=code), code
