"""The API as an application of its own beside the pages, made when somebody first asks for it.

A household that no program asks spares its 2 MB. Both share the household's sources, sessions and guards.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, cast

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from node.dapp import proxy
from node.dapp.security import dress, only_ours

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from node.dapp.context import Context

log = structlog.get_logger(__name__)

ROOMS = ("v1", "citizenwatt.paths", "metrics")
"""Modules of `node.dapp.api`, each with a blueprint `page`."""


PATHS = ("/api/", "/metrics")
"""What begins so belongs to the API."""


class Doorway:
    """The WSGI application before both."""

    def __init__(self, pages: Flask) -> None:
        """Stand before the pages."""
        self._pages, self._behind = pages, pages.wsgi_app
        self._api: Flask | None = None
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the API answer what is its own, the pages everything else; both are told who asks."""
        told = environ.get("HTTP_X_FORWARDED_FOR", "")
        environ["REMOTE_ADDR"] = proxy.client(environ.get("REMOTE_ADDR", ""), told)
        if guards(environ.get("PATH_INFO", "")):
            return self.api()(environ, start_response)
        return self._behind(environ, start_response)

    def api(self) -> Flask:
        """The application that answers programs."""
        with self._lock:
            if self._api is None:
                self._api = _api(self._pages)
            return self._api


def guards(path: str) -> bool:
    """Whether a path belongs to the API."""
    return path.startswith(PATHS) or path == "/api"


def _api(pages: Flask) -> Flask:
    from node.dapp.api import entrance, problems  # noqa: PLC0415 - only for who asks

    app = Flask(__name__, static_folder=None, template_folder=None)
    here = cast("Context", pages.extensions["commonwatt"])
    app.config.update(pages.config)
    app.session_interface = pages.session_interface
    app.extensions["commonwatt"] = here

    @app.before_request
    def _guard() -> None:
        only_ours(here.household.names)
        entrance.admit(request, here)

    @app.errorhandler(HTTPException)
    def _refused(error: HTTPException) -> HTTPException | Response:
        if error.response is not None or (error.code or 500) < 400:
            return error
        return problems.of_http(error)

    @app.errorhandler(Exception)
    def _failed(error: Exception) -> Response:
        log.exception("api_failed", path=request.path)
        return problems.of_http(InternalServerError())

    app.register_error_handler(problems.Problem, problems.answer)
    app.after_request(dress)
    for name in ROOMS:
        app.register_blueprint(import_module(f"node.dapp.api.{name}").page)
    return app
