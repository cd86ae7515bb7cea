"""A child process that never outlives us: not even a SIGKILL of this process leaves it behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from chain.errors import NodeUnavailable

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that the kernel sends to a process when the thread that started it ends."""

_libc = ctypes.CDLL(None, use_errno=True)
"""Loaded before the fork: between fork and exec nothing may be loaded."""


def start(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that Ctrl-C in a terminal reaches only us.

    Call it from the main thread: the kernel ends the child with the thread that started it. SIGKILL is what
    ends it then; geth in archive mode loses nothing by it.

    Raises:
        NodeUnavailable: the program cannot be started.
    """
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            process_group=0,
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - two system calls, nothing that could lock
        )
    except OSError as error:
        raise NodeUnavailable(f"{command[0]} cannot be started: {error.strerror}") from None


def end(child: subprocess.Popen[bytes], patience: float) -> int:
    """Ask a child to end, and end it if it does not within `patience` seconds. Returns its exit code."""
    child.terminate()
    try:
        return child.wait(patience)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _die_with(parent: int) -> Callable[[], None]:
    def ask() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # The parent died before we could ask.

    return ask
