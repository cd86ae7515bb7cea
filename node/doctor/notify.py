"""Does the notifier run, where somebody is to be told?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from node import channel
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.doctor.storage import AS_ROOT
from node.notify.desk import SILENT, SOCKET
from node.notify.people import FILE

TIMEOUT = 10.0
"""Seconds: a question waits for a turn of the notifier's, and for nobody else."""

MISSING = Failed(
    "the notifier does not answer, so nobody is told when something is wrong",
    "start it: commonwatt notify run, or systemctl start commonwatt-notify",
)


def check(settings: Settings) -> Iterator[Finding]:
    """Ask it who is told, as the pages do.

    A link in the state folder says that a host was prepared for it: there it is missed even before anybody
    is named, since the pages could name nobody.
    """
    people, socket = settings.paths.state / FILE, settings.paths.run / SOCKET
    wanted = settings.notifications.addresses is not None or os.path.lexists(people)
    if not os.path.exists(socket):  # noqa: PTH110 - which a closed folder ends by an exception
        yield MISSING if wanted else Ok("nobody is to be told when something is wrong")
        return
    if not os.access(socket, os.W_OK):
        yield Warned("the notifier was not asked who is told", AS_ROOT)
        return
    try:
        told = channel.ask(socket, {"op": "list"}, silent=SILENT, patience=TIMEOUT)
    except channel.Silent:
        yield MISSING
    except channel.NotNow as refusal:
        yield Failed(f"the notifier refuses: {refusal}", "look at the log of commonwatt notify run")
    else:
        count = len(told.get("people", ())) + int(told.get("elsewhere", 0))
        yield Ok(f"{count} are told when something is wrong")
