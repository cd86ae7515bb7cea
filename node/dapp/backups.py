"""The household's backup, as the pages start it, tell of it and hand it out.

There is one, in a folder of the pages' own, which `commonwatt store backup` brings up to date in a process of
its own. It is handed out as a tar file, made while it is sent: no second copy on the card.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import structlog

from node.dapp.commands import PROGRAM, configured
from node.dapp.errors import DappError
from node.dapp.language import gettext as _
from node.databases import READINGS, WRITERS
from store import manifest
from store.errors import StoreError

log = structlog.get_logger(__name__)

FOLDER = "backup"
"""Beside `dapp.db` itself."""

SPARE = 256 << 20
"""Bytes that are left free."""

CHUNK = 256 << 10
"""Bytes read at a time."""


LARGEST = 64 << 10
"""Bytes that are read of what a failed one says."""


class Busy(DappError):
    """Not now; the message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What there is."""

    running: bool
    taken: float | None
    """Unix seconds; None: there is none that is finished."""

    files: tuple[tuple[str, int], ...]
    """Names and bytes."""

    problem: str
    """Why the last try ended; empty: it did not, or well."""

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(size for _, size in self.files)


class Backups:
    """One household's; for several threads."""

    def __init__(self, state: Path, files: Sequence[Path]) -> None:
        """Nothing is made yet.

        Args:
            state: the state folder.
            files: of the configuration.
        """
        self._state, self._files = state, tuple(files)
        self.folder = (state / "dapp.db").resolve().with_name(FOLDER)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes]
        self._problem = ""
        self._readers = 0

    def standing(self) -> Standing:
        """What there is now."""
        with self._lock:
            running = self._running()
            found: tuple[tuple[str, int], ...] = ()
            facts: Mapping[str, object] = {}
            if not running:
                with suppress(StoreError, OSError):
                    read = manifest.read(self.folder)
                    facts = read.facts
                    found = tuple((name, (self.folder / name).stat().st_size) for name in sorted(read.hashes))
            taken = facts.get("taken")
            return Standing(
                running=running,
                taken=float(taken) if found and isinstance(taken, int) else None,
                files=found,
                problem="" if running else self._problem,
            )

    def begin(self) -> None:
        """Take one, or bring the one that is there up to date.

        Raises:
            Busy: one is taken or sent now, or there is no room.
        """
        with self._lock:
            if self._running():
                raise Busy(_("A backup is being taken already: it is shown here when it is done."))
            if self._readers:
                raise Busy(_("The backup is being downloaded: take another one when that is done."))
            need, free = self._missing() + SPARE, shutil.disk_usage(self._state).free
            if need > free:
                raise Busy(
                    _(
                        "There is no room: it takes %(need)s MB, and %(free)s MB are free. At the box, back "
                        "up to another disk: commonwatt store backup FOLDER.",
                        need=need >> 20,
                        free=free >> 20,
                    )
                )
            self._problem, self._said = "", TemporaryFile()  # noqa: SIM115 - closed when it has ended
            self._process = subprocess.Popen(
                [*PROGRAM, "store", "backup", str(self.folder), "--json", *configured(self._files)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
            )

    def tar(self) -> Generator[bytes]:
        """All of it, as it is sent; nothing is taken anew meanwhile. To be closed.

        Raises:
            Busy: one is taken now, or there is none.
        """
        with self._lock:
            if self._running():
                raise Busy(_("A backup is being taken: download it when it is done."))
            try:
                names = [manifest.FILE, *sorted(manifest.read(self.folder).hashes)]
            except StoreError:
                raise Busy(_("There is no finished backup: take one first.")) from None
        return self._sent(names)

    def _sent(self, names: Sequence[str]) -> Generator[bytes]:
        with self._lock:
            if self._running():
                raise Busy(_("A backup is being taken: download it when it is done."))
            self._readers += 1
        try:
            for name in names:
                yield from entry(self.folder / name)
            yield bytes(2 * tarfile.BLOCKSIZE)
        finally:
            with self._lock:
                self._readers -= 1

    def _running(self) -> bool:
        if self._process is None:
            return False
        if self._process.poll() is None:
            return True
        self._said.seek(0)
        said = self._said.read(LARGEST)
        self._said.close()
        if self._process.returncode:
            lines = said.decode(errors="replace").strip().splitlines()
            self._problem = lines[-1].removeprefix("commonwatt: ") if lines else _("it was ended")
            log.warning("backup_failed", error=self._problem)
        self._process = None
        return False

    def _missing(self) -> int:
        """Bytes that are not in the backup yet, about."""
        missing = 0
        for name in WRITERS:
            with suppress(OSError):
                missing += (self._state / name).stat().st_size
            with suppress(OSError):
                missing -= (self.folder / name).stat().st_size if name == READINGS else 0
        return max(missing, 0)


def entry(path: Path) -> Iterator[bytes]:
    """A file as a member of a tar file: as long as its head says, whatever becomes of it meanwhile."""
    with closing(path.open("rb")) as file:
        facts = path.stat()
        head = tarfile.TarInfo(path.name)
        head.size, head.mtime, head.mode = facts.st_size, int(facts.st_mtime), 0o600
        yield head.tobuf(tarfile.PAX_FORMAT)
        left = facts.st_size
        while left and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
    if left:
        raise OSError(f"{path.name} became shorter while it was sent")
    yield bytes(-facts.st_size % tarfile.BLOCKSIZE)
