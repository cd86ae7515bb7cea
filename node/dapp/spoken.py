"""In which language a browser is answered: the one that was chosen in it, else the one that it asks for.

The choice is a cookie: it holds before anybody has a name here, and for the phone it was made on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask, current_app, g, has_app_context, has_request_context, request
from werkzeug.wrappers import Response

from node.dapp import language
from node.dapp.language import ENGLISH, PLAIN, Speech

LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "fr": "Français"}
"""As browsers call them, each in its own words. One more is a folder of `translations` and a line here."""

COOKIE = "commonwatt-language"

KEPT = 400 * 86_400
"""Seconds; browsers keep no cookie for longer."""


PAGES = "languages"
"""Of an application's extensions: that it speaks them. Programs are answered by another one, in English."""


def speak(app: Flask) -> None:
    """Let the pages of this application be in the language of whoever asks."""
    app.extensions[PAGES] = LANGUAGES
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
        gettext=_gettext,
        ngettext=_ngettext,
        pgettext=_pgettext,
        newstyle=True,
    )
    app.jinja_env.globals.update(language=language.name, languages=LANGUAGES)
    language.found_by(in_force)


def chosen() -> str:
    """The language of this request."""
    if not has_request_context():
        return ENGLISH
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in LANGUAGES else request.accept_languages.best_match(LANGUAGES, ENGLISH)


def in_force() -> Speech:
    """The language that is spoken now; English outside of the pages, so to every program."""
    if not has_app_context() or PAGES not in current_app.extensions:
        return PLAIN
    spoken: str | None = g.get(PAGES)
    if spoken is None:
        spoken = chosen()
        setattr(g, PAGES, spoken)
    return PLAIN if spoken == ENGLISH else _speech(spoken)


def _speech(spoken: str) -> Speech:
    """A language's catalogue, by Flask-Babel: loaded when somebody first reads it, for it takes 5 MB."""
    import flask_babel  # type: ignore[import-untyped]  # noqa: PLC0415

    if "babel" not in current_app.extensions:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # as Flask documents it
        flask_babel.Babel(app, configure_jinja=False, locale_selector=lambda: g.get(PAGES))
    with flask_babel.force_locale(spoken):
        return Speech(spoken, flask_babel.get_translations())


def _gettext(text: str) -> str:
    return in_force().messages.gettext(text)


def _ngettext(one: str, many: str, num: int) -> str:
    return in_force().messages.ngettext(one, many, num)


def _pgettext(context: str, text: str) -> str:
    return in_force().messages.pgettext(context, text)


@contextmanager
def speaking(app: Flask, spoken: str) -> Iterator[None]:
    """Say something in a language though nobody asks now."""
    with app.app_context(), _instead(spoken):
        yield


@contextmanager
def in_english() -> Iterator[None]:
    """For what is written down here rather than shown."""
    with _instead(ENGLISH):
        yield


@contextmanager
def _instead(spoken: str) -> Iterator[None]:
    before = g.get(PAGES)
    setattr(g, PAGES, spoken)
    try:
        yield
    finally:
        setattr(g, PAGES, before)


def keep(answer: Response, spoken: str, secure: bool) -> None:
    """Have the browser remember its choice."""
    answer.set_cookie(COOKIE, spoken, max_age=KEPT, secure=secure, httponly=True, samesite="Strict")
