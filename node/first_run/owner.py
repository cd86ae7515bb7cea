"""The first run in the process that owns the key: until its backup is proved, it does nothing else.

What it says of the key is in `run/key.json`: `{"state", "address", "problem"}`, for the pages and the relay.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chain.daemon import Stopping, sd_ready, sd_watchdog
from node.channel import PAGES, Channel, may_ask
from node.client_interaction import status
from node.client_interaction.sentences import ON_THE_PAGES
from node.client_interaction.status import State, Status
from node.first_run.keyholder import KeyHolder
from node.first_run.steps import Key
from store import snapshot

if TYPE_CHECKING:
    from node.config.settings import Settings

FILE = "key.json"

SOCKET = "first-run.sock"
"""In `paths.run`: where the pages ask."""

SILENT = (
    "The household's trader, which owns the key, does not answer. Is it running "
    "(commonwatt client-interaction run), with account.first_run in its configuration?"
)

BEAT = 0.2
"""Seconds for which a caller is waited for at a time."""

WAITING = {
    Key.NONE: "There is no key here: it is made on the household's pages, or brought back from its backup.",
    Key.UNPROVED: "This household is being set up: its key is not backed up yet.",
}


def until_proved(settings: Settings, stop: Stopping, now: Callable[[], float]) -> bool:
    """Make the key and hand its backup out, until somebody has proved it; True: trade.

    Args:
        now: Unix seconds.

    Raises:
        OSError: the run folder cannot be written.
    """
    account, run = settings.account, settings.paths.run
    holder = KeyHolder(
        keystore=account.keystore,
        password_file=account.password_file,
        household=settings.household.name,
        manifest=settings.chain.manifest,
    )
    if not holder.proof.exists():
        sd_ready()
        with Channel(run / SOCKET, lambda user: may_ask(settings.paths.state / PAGES, user)) as channel:
            since, said = now(), None
            while (standing := holder.standing) is not Key.PROVED:
                if stop.is_set():
                    return False
                sd_watchdog()
                status.write(
                    run, Status(state=State.OFF, reason=WAITING[standing], next=ON_THE_PAGES, since=since)
                )
                if standing is not said:
                    said = standing
                    tell(run, standing, holder.address)
                channel.turn(holder.answer, BEAT)
    tell(run, Key.PROVED, holder.address)
    return True


def tell(run: Path, key: Key, address: str | None, problem: str = "") -> None:
    """Say how far the key is."""
    snapshot.write(run / FILE, {"state": key.value, "address": address, "problem": problem})


def told(run: Path) -> tuple[Key, str | None, str]:
    """How far the key is, its account, and why there is no request to join yet, as its owner said last."""
    found = snapshot.read(run / FILE)
    try:
        fields = {} if found is None else found.fields
        return Key(fields.get("state", "unknown")), fields.get("address"), str(fields.get("problem", ""))
    except ValueError:
        return Key.UNKNOWN, None, ""


def awaited(settings: Settings, stop: Stopping) -> str | None:
    """The household's account once its key is there, for the relay; None: stopped before."""
    sd_ready()
    while not stop.wait(BEAT):
        sd_watchdog()
        key, address, _ = told(settings.paths.run)
        if key in {Key.UNPROVED, Key.PROVED} and address:
            return address
    return None
