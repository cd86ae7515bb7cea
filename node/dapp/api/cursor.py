"""Cursors: where a page ended, in letters that nobody is meant to read."""

from __future__ import annotations

import base64
from http import HTTPStatus

from node.dapp.api.problems import Problem

PATTERN = r"[A-Za-z0-9_-]{1,200}={0,2}"
EXAMPLE = "MTc2NDA5OTA3MQ=="


def written(*parts: str) -> str:
    """A place, by what sorts the rows."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode()


def read(text: str, parts: int) -> list[str]:
    """What `written` wrote.

    Raises:
        ValueError: it did not write this.
    """
    found = base64.urlsafe_b64decode(text.encode()).decode().split("\n")
    if len(found) != parts:
        raise ValueError(text)
    return found


def unknown() -> Problem:
    """For a cursor that is none of ours."""
    detail = "“cursor” is not one of ours: give `next` of the page before, or leave it out."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
