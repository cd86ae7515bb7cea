"""A folder of files with a list of their hashes: whether they are all there, and as they were written.

The list is written last, so a folder without it was not finished.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.errors import Unopenable, Unwritable

FILE = "manifest.json"
FORMAT = "commonwatt-backup-1"

MODE = 0o640


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is in the folder."""

    facts: Mapping[str, Any]
    """What the writer says of it."""

    hashes: Mapping[str, str]
    """SHA-256 of each file, in hexadecimal."""


def begin(folder: Path) -> None:
    """Make the folder, or take the list of one out that is to be written anew.

    Raises:
        Unwritable: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise Unwritable(
            f"cannot write into {folder}: {error.strerror}; name a folder that can be"
        ) from error


def seal(folder: Path, names: Iterable[str], facts: Mapping[str, Any]) -> Manifest:
    """Write the list; it is on the disk, as the files are, when this returns.

    Raises:
        Unwritable: no permission or no space.
    """
    try:
        hashes = {name: synced(folder / name) for name in names}
        text = json.dumps({"format": FORMAT, **facts, "files": hashes}, indent=2) + "\n"
        fresh = folder / f".{FILE}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        synced(fresh)
        fresh.replace(folder / FILE)
        sync_folder(folder)
    except OSError as error:
        raise Unwritable(f"cannot write {folder / FILE}: {error.strerror}; is there room?") from error
    return Manifest(facts=facts, hashes=hashes)


def read(folder: Path) -> Manifest:
    """The list of a folder.

    Raises:
        Unopenable: there is none, or it is of something else.
    """
    try:
        given = _known(json.loads((folder / FILE).read_bytes()))
        hashes = {str(name): str(digest) for name, digest in given.pop("files").items()}
    except FileNotFoundError as error:
        raise Unopenable(
            f"{folder} is no finished backup: it has no {FILE}; repeat the backup, it goes on where it ended"
        ) from error
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Unopenable(f"{folder / FILE} cannot be read as a list of a backup; take another one") from error
    return Manifest(facts=given, hashes=hashes)


def _known(given: dict[str, Any]) -> dict[str, Any]:
    """Without its format.

    Raises:
        ValueError: it is another.
    """
    if given.pop("format") != FORMAT:
        raise ValueError
    return given


def differences(folder: Path, manifest: Manifest) -> Iterator[str]:
    """What is not as it was written, in a sentence each."""
    for name, digest in manifest.hashes.items():
        if Path(name).name != name:
            yield f"{name} is no name of a file."
            continue
        try:
            found = hashed(folder / name)
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}."
            continue
        if found != digest:
            yield f"{name} is not as it was written: its hash differs."


def hashed(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synced(path: Path) -> str:
    """Have a file on the disk; its hash."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return hashed(path)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where it lets itself be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
