"""What the API answers when it cannot do what was asked: problem+json, with what to do (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A refusal."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Refuse with a status and a sentence or two: what is wrong, and what to do."""
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def answer(problem: Problem) -> Response:
    """As the client gets it."""
    return _response(problem.status, problem.detail, problem.headers)


def of_http(error: HTTPException) -> Response:
    """A refusal of Flask's own (no such path, no such method), likewise."""
    given = dict(error.get_headers())
    kept = {name: value for name, value in given.items() if name in ("Allow", "Retry-After")}
    status = HTTPStatus(error.code or 500)
    detail = {
        HTTPStatus.NOT_FOUND: "There is nothing at this path: /api/v1/openapi.json describes what there is.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"Only {kept.get('Allow', 'GET')} is answered here.",
    }.get(status, error.description or status.description)
    return _response(status, detail, kept)


def _response(status: HTTPStatus, detail: str, headers: Mapping[str, str]) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Response(
        json.dumps(body, ensure_ascii=False) + "\n", int(status), dict(headers), mimetype=MEDIA_TYPE
    )
