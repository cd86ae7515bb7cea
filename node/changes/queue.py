"""The folder of requests, `changes` in the state folder: written by the pages, read by who applies them.

A file a request, put there whole, and read as `store.requests` reads: the folder's owner may put anything
there.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from chain.files import replace_file
from node.changes.places import FOLDER
from node.changes.request import LARGEST, Request, dumps, loads
from store import requests

AT_ONCE = 32
"""Requests looked at in one go."""

MODE = 0o640


def put(state: Path, asked: Request) -> None:
    """Ask for a change.

    Raises:
        OSError: the folder cannot be written.
    """
    replace_file(state / FOLDER / asked.id, dumps(asked), MODE)


def waiting(state: Path) -> list[Request]:
    """What lies there, the oldest first; what is no request is left out."""
    found = requests.waiting(state / FOLDER, LARGEST, AT_ONCE, loads)
    return sorted(found, key=lambda asked: (asked.at, asked.id))


def settle(state: Path, id: str) -> None:
    """Take a request away that was answered: by the pages, to whom the folder belongs."""
    requests.take_away(state / FOLDER, id)


def nudge(state: Path) -> None:
    """Have whoever watches the folder look again."""
    with suppress(OSError):
        os.utime(state / FOLDER)
