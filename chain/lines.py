"""The log lines of chain.daemon without structlog, for processes that must stay small.

structlog takes 10 MB of a process (it loads asyncio and rich); the sealer as a whole has 25.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from typing import Protocol

BARE = re.compile(r"[\w.:/@+\-]+\Z")


class Log(Protocol):
    """Writes one event, with its facts; structlog's loggers' methods fit as well."""

    def __call__(self, event: str, **facts: object) -> object:
        """Write one line."""
        ...


def line(level: str, event: str, facts: dict[str, object], now: datetime) -> str:
    """One event as `timestamp=… level=… event=… key=value`."""
    fields = {"timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "level": level, "event": event, **facts}
    return " ".join(f"{key}={_shown(value)}" for key, value in fields.items())


def info(event: str, **facts: object) -> None:
    """Something that is as it should be."""
    print(line("info", event, facts, datetime.now(UTC)), file=sys.stderr, flush=True)


def warning(event: str, **facts: object) -> None:
    """Something that somebody should look at."""
    print(line("warning", event, facts, datetime.now(UTC)), file=sys.stderr, flush=True)


def _shown(value: object) -> str:
    text = str(value)
    return text if BARE.match(text) else json.dumps(text, ensure_ascii=False)
