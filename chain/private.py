"""Files that hold a secret: read only where nobody else can read or exchange them, written once.

A secret may also come as a systemd credential: `credential:NAME` in place of a path stands for the file of
that name that systemd hands to this unit alone (LoadCredential=, LoadCredentialEncrypted=). Source:
https://systemd.io/CREDENTIALS/
"""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import stat
from pathlib import Path

from chain.errors import KeyRefused
from chain.files import sync_folder

CREDENTIAL = "credential:"
LARGEST = 64 << 10
"""Bytes: no key or password is longer."""


def place(path: Path) -> Path:
    """Where a secret is: the path itself, or of `credential:NAME` the file that systemd hands over.

    Raises:
        KeyRefused: systemd handed nothing over, or the name is none.
    """
    given = str(path)
    if not given.startswith(CREDENTIAL):
        return path
    name, folder = given.removeprefix(CREDENTIAL), os.environ.get("CREDENTIALS_DIRECTORY")
    if not name or "/" in name or name in (".", ".."):
        raise KeyRefused(f"{given}: a credential is named by letters, without a folder")
    if not folder:
        raise KeyRefused(
            f"{given} is handed over by systemd only (LoadCredential={name}:FILE in the unit): run this as "
            "that unit, or name a file"
        )
    return Path(folder) / name


def read_private(path: Path) -> bytes:
    """Read a file that holds a secret.

    A file of our own must be closed to group and others. One of root's (who hands it to us through a group or
    a systemd credential) must be closed to others. Nobody else may be able to exchange it: neither it nor a
    folder above it belongs to, or can be written by, another user; and it is the file itself, no link.

    Raises:
        KeyRefused: missing, not readable for us, open to others, or in a place that others can change.
    """
    path = place(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _refuse_open(path, os.fstat(file.fileno()))
            _refuse_exchangeable(path)
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise KeyRefused(f"{path} is not there: make the key first, or correct its path") from None
    except OSError as error:
        if path.is_symlink():
            raise KeyRefused(f"{path} is a symbolic link: name the file itself") from None
        raise KeyRefused(
            f"{path} cannot be read: {error.strerror}; run this as the key's user, or correct its owner"
        ) from None
    if len(content) > LARGEST:
        raise KeyRefused(f"{path} is larger than any key: correct its path")
    return content


def _refuse_open(path: Path, facts: os.stat_result) -> None:
    mode = stat.S_IMODE(facts.st_mode)
    if not stat.S_ISREG(facts.st_mode):
        raise KeyRefused(f"{path} is no file")
    if not _trusted(facts.st_uid):
        raise KeyRefused(
            f"{path} belongs to {_user(facts.st_uid)}, who can change it: chown it to its reader"
        )
    ours = facts.st_uid == os.geteuid()
    if mode & (0o077 if ours else 0o007):
        raise KeyRefused(f"{path} is open to others (mode {mode:04o}): chmod 600 {path}")


def _refuse_exchangeable(path: Path) -> None:
    """Whoever can write a folder can put another file in its place, unless the folder is sticky, as /tmp."""
    for folder in (path.absolute().parent.resolve(), *path.absolute().parent.resolve().parents):
        facts = folder.stat()
        mode = stat.S_IMODE(facts.st_mode)
        if not _trusted(facts.st_uid):
            raise KeyRefused(
                f"{path} can be exchanged by {_user(facts.st_uid)}, to whom {folder} belongs: "
                "choose another place"
            )
        if mode & stat.S_ISVTX:
            continue
        if mode & 0o002 or (mode & 0o020 and not _alone(facts)):
            raise KeyRefused(
                f"{path} can be exchanged by others, who can write in {folder} (mode {mode:04o}): "
                f"chmod go-w {folder}"
            )


def _trusted(user: int) -> bool:
    """Ourselves and root; to root, everybody is."""
    return os.geteuid() == 0 or user in (0, os.geteuid())


def _alone(facts: os.stat_result) -> bool:
    """Whether a folder's group is its owner's private one, or root's: then it holds nobody else."""
    if facts.st_gid == 0:
        return True
    try:
        group = grp.getgrgid(facts.st_gid)
        return group.gr_name == pwd.getpwuid(facts.st_uid).pw_name and not group.gr_mem
    except KeyError:
        return False


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"


def write_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, complete on disk before it has its name; never over another.

    Raises:
        KeyRefused: the file exists already, or cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
        sync_folder(path.parent)
    except FileExistsError:
        raise KeyRefused(f"{path} exists already: a key is never overwritten") from None
    except OSError as error:
        raise KeyRefused(
            f"{path} cannot be written: {error.strerror}; choose another place, or correct its folder's owner"
        ) from None
