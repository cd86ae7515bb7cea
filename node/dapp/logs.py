"""What the household's processes logged: from systemd's journal, or from a folder of files.

Looked at backwards and bounded: the newest lines that fit, of at most so many that are looked at.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from node.dapp.errors import DappError

PROCESSES = (
    "chain", "sealer", "logger", "client-interaction", "relay", "dapp", "settings", "https", "mqtt", "notify",
)  # fmt: skip

LEVELS = ("debug", "info", "warning", "error")
"""From the least on."""

LOOKED_AT = 5_000
"""Lines."""

SHOWN = 200

TAIL = 512 * 1024
"""Bytes of the end of each file, and eight times that of what the journal tells."""

LONGEST = 600
"""Characters of a line that are shown."""

PATIENCE = 10.0
"""Seconds for the journal."""

PREFIX = "commonwatt-"

OURS = re.compile(r"(?:timestamp=(?P<at>\S+) )?level=(?P<level>\w+) (?P<text>.*)", re.S)
GETHS = re.compile(r"t=(?P<at>\S+) lvl=(?P<level>\w+) +(?P<text>.*)", re.S)
"""How our daemons' lines begin, and geth's."""

NAMES = {
    "dbug": "debug", "trce": "debug", "warn": "warning", "eror": "error", "crit": "error",
    "critical": "error",
}  # fmt: skip


class NoLog(DappError):
    """There is nothing to be read; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a log."""

    at: float | None
    """Unix seconds; None: it does not say."""

    process: str
    level: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for."""

    process: str = ""
    """Empty: all."""

    least: str = "info"
    words: str = ""
    """That stand in the line, as they are, in small letters or capitals."""

    def takes(self, line: Line) -> bool:
        """Whether a line is wanted."""
        enough = LEVELS.index(line.level) >= LEVELS.index(self.least)
        return enough and self.process in ("", line.process) and self.words.lower() in line.text.lower()


def newest(wanted: Wanted, *, household: str, folder: Path | None) -> list[Line]:
    """The newest lines that are wanted, the newest first.

    Args:
        household: whose.
        folder: of files named household.process.log; None: the journal is asked.

    Raises:
        NoLog: neither is there.
    """
    lines = journal(wanted) if folder is None else files(wanted, folder, household)
    return [
        line for line, _ in zip((each for each in lines if wanted.takes(each)), range(SHOWN), strict=False)
    ]


def files(wanted: Wanted, folder: Path, household: str) -> list[Line]:
    """What the ends of the files say."""
    found: list[Line] = []
    for process in PROCESSES if not wanted.process else (wanted.process,):
        try:
            with (folder / f"{household}.{process}.log").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - TAIL, 0))
                text = file.read(TAIL).decode(errors="replace")
        except OSError:
            continue
        lines = text.splitlines()[1 if size > TAIL else 0 :][-LOOKED_AT:]
        found += _dated([read(line, process) for line in lines if line.strip()])
    if not found and not folder.is_dir():
        raise NoLog(f"there is no folder {folder}: correct dapp.logs in the configuration")
    return sorted(found, key=lambda line: line.at or 0.0, reverse=True)


def journal(wanted: Wanted) -> Iterator[Line]:
    """What systemd's journal says, the newest first."""
    units = [f"{PREFIX}{process}" for process in (PROCESSES if not wanted.process else (wanted.process,))]
    command = [
        "journalctl", "--output=json", "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT", "--no-pager",
        "--quiet", "--reverse", f"--lines={LOOKED_AT}", *(f"--unit={unit}" for unit in units),
    ]  # fmt: skip
    return told(_asked(command))


def told(content: bytes) -> Iterator[Line]:
    """The journal's entries, as `journalctl --output=json` writes them."""
    for row in content.splitlines():
        try:
            entry: dict[str, Any] = json.loads(row)
            at = int(entry["__REALTIME_TIMESTAMP"]) / 1_000_000
        except (ValueError, KeyError, TypeError):
            continue  # the last one may be cut
        unit = str(entry.get("_SYSTEMD_UNIT", ""))
        unit = unit if unit.startswith(PREFIX) else str(entry.get("UNIT", unit))
        line = read(_message(entry.get("MESSAGE")), unit.removeprefix(PREFIX).removesuffix(".service"))
        level = _priority(entry.get("PRIORITY"))
        yield Line(
            at=at, process=line.process, level=max(line.level, level, key=LEVELS.index), text=line.text
        )


def read(text: str, process: str) -> Line:
    """A line of a daemon of ours, of geth, or of anything else."""
    match = OURS.match(text) or GETHS.match(text)
    if match is None:
        return Line(at=None, process=process, level="info", text=text[:LONGEST])
    level = match["level"].lower()
    level = NAMES.get(level, level)
    return Line(
        at=_moment(match["at"]),
        process=process,
        level=level if level in LEVELS else "info",
        text=match["text"][:LONGEST],
    )


def _dated(lines: Sequence[Line]) -> list[Line]:
    """Lines that say no time are of that of the line before."""
    found: list[Line] = []
    at: float | None = None
    for line in lines:
        at = line.at if line.at is not None else at
        found.append(Line(at=at, process=line.process, level=line.level, text=line.text))
    return found


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _message(given: object) -> str:
    """Text; what is not UTF-8 comes as numbers, what is too long not at all."""
    if isinstance(given, list):
        return bytes(each for each in given if isinstance(each, int) and 0 <= each < 256).decode(
            errors="replace"
        )
    return given if isinstance(given, str) else ""


def _priority(given: object) -> str:
    number = int(given) if isinstance(given, str) and given.isdigit() else 6
    return "error" if number <= 3 else "warning" if number == 4 else "info" if number <= 6 else "debug"


def _asked(command: Iterable[str]) -> bytes:
    """What a command says, as far as it says it in time."""
    try:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        raise NoLog(
            "this host keeps no journal: have the processes log into files, and name their folder (dapp.logs)"
        ) from None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        assert process.stdout is not None  # noqa: S101 - it was made with a pipe
        return process.stdout.read(8 * TAIL)
    finally:
        late.cancel()
        process.kill()
        process.communicate()
