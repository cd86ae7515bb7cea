"""The household's configuration as its pages see it: what may be changed, and what is asked for.

This process neither reads YAML nor carries what checks it: `commonwatt config form` does, in a process of its
own that ends when it has told, once for each state of the files. What is asked for goes into a folder
(`node.changes.queue`); who applies it is somebody else.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from node.changes.request import Request, dumps
from node.changes.told import Field, Trouble
from node.dapp.commands import PROGRAM, configured
from node.dapp.errors import DappError
from node.dapp.language import gettext as _
from node.dapp.told import told
from quantities.said import unpacked

log = structlog.get_logger(__name__)

PATIENCE = 60.0
"""Seconds for the other process; on a Pi that does nothing else it takes three."""

LARGEST = 4 << 20
"""Bytes of what it tells."""


class Unread(DappError):
    """The configuration could not be looked at; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The configuration at one moment, and what a request about it would come to."""

    file: str
    base: str
    """By which the file is known."""

    text: str
    fields: tuple[Field, ...]
    troubles: tuple[Trouble, ...] = ()
    conflict: bool = False

    def field(self, name: str) -> Field | None:
        """By its dotted key."""
        return next((field for field in self.fields if field.name == name), None)


class Configuration:
    """The files of one household; for several threads."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Look at these files, the last of which is the family's; nothing is read yet."""
        self._files = tuple(files)
        self._lock = threading.Lock()
        self._known: tuple[object, Looked] | None = None

    def look(self) -> Looked:
        """What it says now.

        Raises:
            Unread: it cannot be used, or there are no files.
        """
        with self._lock:
            state = self._state()
            if self._known is None or self._known[0] != state:
                self._known = (state, _looked(self._ask(None)))
            return self._known[1]

    def tried(self, asked: Request) -> Looked:
        """Hold a request against the checks; `troubles` says what is wrong with it.

        Raises:
            Unread: it cannot be used, or there are no files.
        """
        with self._lock:
            return _looked(self._ask(asked))

    def _state(self) -> object:
        """Changes whenever one of the files does."""
        found = []
        for file in self._files:
            try:
                facts = file.stat()
            except OSError as error:
                raise Unread(
                    _("%(file)s cannot be read: %(error)s", file=file, error=error.strerror)
                ) from None
            found.append((facts.st_mtime_ns, facts.st_size, facts.st_ino))
        return found

    def _ask(self, asked: Request | None) -> Mapping[str, Any]:
        if not self._files:
            raise Unread(_("these pages do not know which files are the configuration: start them anew"))
        more = [] if asked is None else ["--asked", "-"]
        try:
            ended = subprocess.run(
                [*PROGRAM, "config", "form", *configured(self._files), *more],
                input=b"" if asked is None else dumps(asked),
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unread(
                _("this host did not look at the configuration within %(seconds)s s", seconds=round(PATIENCE))
            ) from None
        if ended.returncode or len(ended.stdout) > LARGEST:
            log.warning(
                "configuration_unread",
                code=ended.returncode,
                error=ended.stderr[-2_000:].decode(errors="replace"),
            )
            raise Unread(_("the configuration could not be looked at; why is in the log of the pages"))
        facts: Mapping[str, Any] = json.loads(ended.stdout)
        return facts


def _looked(facts: Mapping[str, Any]) -> Looked:
    if "problems" in facts:
        raise Unread("; ".join(_placed(*problem) for problem in facts["problems"]))
    fields = (
        Field(**{**field, "key": tuple(field["key"]), "options": tuple(field["options"])})
        for field in facts["fields"]
    )
    return Looked(
        file=facts["file"],
        base=facts["base"],
        text=facts["text"],
        fields=tuple(fields),
        troubles=tuple(
            Trouble(**each | {"what": unpacked(each["what"])}) for each in facts.get("refused", ())
        ),
        conflict=bool(facts.get("conflict")),
    )


def _placed(place: str, key: str, what: Any) -> str:
    """What is wrong, behind its file, line and key."""
    says = told(unpacked(what))
    return _("%(name)s: %(why)s", name=place, why=_("%(name)s: %(why)s", name=key, why=says) if key else says)
