"""The manifest as a file that changes while daemons run: another market was put beside the current one.

What is in use stays in use until the new content is verified. Only the markets may change: a manifest of
another chain, token or registry is another neighbourhood, with other journals, and needs a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from chain.errors import ChainError
from contracts.errors import ContractsError
from contracts.manifest import Chain, Manifest, load

RETRY = 3.0
"""Seconds between two tries to take over content that could not be verified."""

Stamp = tuple[int, int, int]


class WatchedManifest:
    """One process's view of the file. For one thread; what it answered is frozen."""

    def __init__(self, path: Path, client: Chain, clock: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet.

        Args:
            path: of the file.
            client: of the node that it is verified by.
            clock: monotonic seconds.
        """
        self._path = path
        self._client = client
        self._clock = clock
        self._current: Manifest | None = None
        self._stamp: Stamp | None = None
        self._again = float("-inf")
        self.refusal = ""
        """Why the file's newest content is not used, as a clause; empty: it is."""

    def newest(self) -> Manifest:
        """The manifest to use now. Costs one look at the file's time, most times.

        Raises:
            ContractsError, ChainError: there was no usable one yet; see `Manifest.verify` and `load`.
        """
        if self._current is None:
            stamp = _stamp(self._path)
            found = load(self._path)
            found.verify(self._client)
            self._current, self._stamp = found, stamp
        elif (stamp := _stamp(self._path)) != self._stamp and self._clock() >= self._again:
            self._take_over(self._current, stamp)
        return self._current

    def _take_over(self, before: Manifest, stamp: Stamp | None) -> None:
        try:
            found = load(self._path)
            if not found.same_neighbourhood(before):
                self.refusal = (
                    f"{self._path} is now of another chain, token or registry: restart this process if it "
                    "is meant to move there"
                )
            else:
                found.verify(self._client)
                self._current, self._stamp, self.refusal = found, stamp, ""
        except (ContractsError, ChainError) as error:
            self.refusal = str(error)
        if self.refusal:
            self._again = self._clock() + RETRY


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
