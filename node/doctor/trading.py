"""Does the household's trader run, and is there anything that keeps it from trading?"""

from __future__ import annotations

from collections.abc import Iterator

from node.client_interaction import status
from node.client_interaction.status import State, Status
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from store import snapshot

STALE = 10.0
"""Seconds: a running trader tells its state every second."""


def check(settings: Settings) -> Iterator[Finding]:
    """Look at what the trader last told."""
    if not settings.sellers and not settings.offers.feeds:
        yield Ok("nothing to trade: neither sellers nor offers are configured")
        return
    told = snapshot.read(settings.paths.run / status.FILE)
    found = status.read(settings.paths.run)
    if told is None or found is None or told.age() > STALE:
        yield Failed(
            "no trader runs: the household neither buys nor sells",
            "start it: commonwatt client-interaction run, or systemctl start commonwatt-client-interaction",
        )
    else:
        yield judged(found)


def judged(found: Status) -> Finding:
    """What the trader's own word means."""
    what = f"{found.state}: {found.reason}"
    match found.state:
        case State.FAULT:
            return Failed(what, found.next)
        case State.NO_SUPPLY:
            return Warned(what, found.next)
        case _:
            return Ok(what)
