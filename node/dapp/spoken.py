"""In which language a browser is answered: the one that was chosen in it, else the one that it asks for.

The choice is a cookie: it holds before anybody has a name here, and for the phone it was made on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import flask_babel  # type: ignore[import-untyped]
from flask import Flask, current_app, has_app_context, has_request_context, request
from werkzeug.wrappers import Response

from node.dapp import language
from node.dapp.language import ENGLISH, PLAIN, Speech

LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "fr": "Français"}
"""As browsers call them, each in its own words. One more is a folder of `translations` and a line here."""

COOKIE = "commonwatt-language"

KEPT = 400 * 86_400
"""Seconds; browsers keep no cookie for longer."""


def speak(app: Flask) -> None:
    """Let the pages of this application be in the language of whoever asks."""
    flask_babel.Babel(app, default_locale=ENGLISH, locale_selector=chosen)
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
    if not has_app_context() or "babel" not in current_app.extensions:
        return PLAIN
    spoken = str(flask_babel.get_locale() or ENGLISH)
    return PLAIN if spoken == ENGLISH else Speech(spoken, flask_babel.get_translations())


@contextmanager
def speaking(app: Flask, spoken: str) -> Iterator[None]:
    """Say something in a language though nobody asks now."""
    with app.app_context(), flask_babel.force_locale(spoken):
        yield


@contextmanager
def in_english() -> Iterator[None]:
    """For what is written down here rather than shown."""
    with flask_babel.force_locale(ENGLISH):
        yield


def keep(answer: Response, spoken: str, secure: bool) -> None:
    """Have the browser remember its choice."""
    answer.set_cookie(COOKIE, spoken, max_age=KEPT, secure=secure, httponly=True, samesite="Strict")
