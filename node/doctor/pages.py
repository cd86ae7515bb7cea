"""Are the household's pages served?"""

from __future__ import annotations

from collections.abc import Iterator

import urllib3

from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok

TIMEOUT = 5.0
"""Seconds: a Pi that has just started its pages answers within two."""


def check(settings: Settings) -> Iterator[Finding]:
    """Ask for the first page."""
    url = f"http://{settings.dapp.listen}/"
    try:
        code = urllib3.request("GET", url, retries=False, redirect=False, timeout=TIMEOUT).status
    except urllib3.exceptions.HTTPError:
        yield Failed(
            f"the pages do not answer at {url}",
            "start them: commonwatt dapp run, or systemctl start commonwatt-dapp; or correct dapp.listen",
        )
        return
    yield judged(url, code)


def judged(url: str, code: int) -> Finding:
    """What a status of HTTP means."""
    if code < 400:
        return Ok(f"the pages answer at {url}")
    return Failed(f"{url} answers with status {code}", "look at the log of commonwatt dapp run")
