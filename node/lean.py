"""A daemon as a process without what read its configuration: 20 MB less, for as long as it runs.

    python -m node.lean DAEMON SETTINGS

`commonwatt logger run` and its like become this process. SETTINGS is a file descriptor, of a memory file in
which they have left the settings.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING, NoReturn, cast

from chain.daemon import Stop
from node.daemons import DAEMONS
from node.errors import answered
from node.plain import section

if TYPE_CHECKING:
    from node.config.settings import Settings

ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
"""glibc would keep a pool of memory for each thread (mallopt(3)); Python's threads take turns anyway."""


def become(daemon: str, settings: Settings) -> NoReturn:
    """Run a daemon of `node.daemons` instead of this process."""
    handed_over = os.memfd_create("settings", 0)
    with os.fdopen(os.dup(handed_over), "wb") as file:
        pickle.dump(section(settings), file)
    os.lseek(handed_over, 0, os.SEEK_SET)
    command = [sys.executable, "-m", "node.lean", daemon, str(handed_over)]
    sys.stderr.flush()
    os.execve(command[0], command, {**os.environ, **ENVIRONMENT})  # noqa: S606 - no shell is wanted


def main(daemon: str, handed_over: int) -> int:
    """Run a daemon until stopped; answer what was to be expected with one line and an exit code."""
    with os.fdopen(handed_over, "rb") as file:
        settings = cast("Settings", pickle.load(file))  # noqa: S301 - our own, of a moment ago
    return answered(lambda: DAEMONS[daemon](settings, Stop().on_signals()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
