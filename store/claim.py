"""What only one process at a time may hold: a lock on a folder, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from store.errors import Taken, Unwritable


class Claim:
    """A folder held by this process, until `release`, the end of the `with` block, or the process's end.

    The lock is on the folder itself (flock), so nothing is left behind, not even by SIGKILL.
    """

    def __init__(self, folder: Path, purpose: str) -> None:
        """Claim the folder; make it when it is missing.

        Args:
            purpose: what the holder does, for the message: "log meters into".

        Raises:
            Taken: another process holds it.
            Unwritable: it cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Unwritable(f"cannot use {folder}: {error.strerror}; make it, or check its owner") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise Taken(f"another process is already running to {purpose} {folder}: stop it first") from error

    def release(self) -> None:
        """Let go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
