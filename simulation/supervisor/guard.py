"""Ends the supervised processes when the supervisor cannot: `python guard.py`, told by its standard input.

The supervisor writes "+<process group>" when it starts a process and "-<process group>" when it is gone. When
the supervisor dies, however it does (SIGKILL, too), the pipe ends; then everything still running is asked to
stop, and killed a little later. Imports nothing of ours: it costs 8 MB and starts at once.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE = 3.0
"""Seconds between asking and killing: every daemon stops within three of SIGTERM."""


def main() -> None:
    """Remember groups until the pipe ends, then end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    tell(groups, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(alive(group) for group in groups):
        time.sleep(0.05)
    tell(groups, signal.SIGKILL)


def tell(groups: set[int], number: signal.Signals) -> None:
    """Send a signal to every group that is still there."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def alive(group: int) -> bool:
    """Whether a group has a process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
