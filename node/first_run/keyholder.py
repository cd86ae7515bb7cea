"""Makes the household's key and proves that its backup was written down, for the process that owns the key.

The backup is handed out until somebody has shown that they have it, and never again: whoever takes the pages
over later gets nothing here. No secret is kept but in the keystore; a backup that was shown and not proved
before this process ended is made anew, with another code. A box without a key takes it from a backup as well:
that of one which died.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chain import keys
from node.channel import NotNow
from node.first_run.steps import Key
from node.wallet import backup as backups


def proof_of(keystore: Path) -> Path:
    """The file that says that somebody has shown a key's backup and its code: here, or by restoring it."""
    return keystore.with_suffix(".proved")


def note_proved(keystore: Path, context: backups.Context) -> None:
    """Keep that somebody has shown the backup of which this is told, and its code."""
    keys.write_private(proof_of(keystore), f"{context.made}\n".encode())


class KeyHolder:
    """The first run's answers about one key. For one thread."""

    def __init__(self, *, keystore: Path, password_file: Path, household: str, manifest: Path) -> None:
        """Look after the key that is, or will be, in `keystore`."""
        self._keystore = keystore
        self._password_file = password_file
        self._household = household
        self._manifest = manifest
        self._backup: bytes | None = None
        """The backup's file as it was last made."""
        self._fetched = False
        """Whether somebody took it."""

    @property
    def proof(self) -> Path:
        """The file that says that the backup was proved."""
        return proof_of(self._keystore)

    @property
    def standing(self) -> Key:
        """How far the key is, by what lies on the disk."""
        if not self._keystore.exists():
            return Key.NONE
        return Key.PROVED if self.proof.exists() else Key.UNPROVED

    @property
    def address(self) -> str | None:
        """The account; None: there is no key."""
        return keys.named(self._keystore) if self._keystore.exists() else None

    def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one thing.

        Raises:
            NotNow: it cannot be done.
            KeyRefused: a file cannot be written or read, or a code is not the right one.
        """
        if self.standing is Key.PROVED:
            raise NotNow("The backup of this key was proved: it is handed out no more. At the box there is "
                         "commonwatt key backup.")  # fmt: skip
        match request.get("op"):
            case "make":
                return self._make()
            case "backup":
                return self._back_up()
            case "file":
                return self._file()
            case "prove":
                return self._prove(str(request.get("code", "")))
            case "restore":
                return self._bring_back(str(request.get("file", "")), str(request.get("code", "")))
            case _:
                raise NotNow("The first run knows no such thing.")

    def _make(self) -> Mapping[str, Any]:
        if self.standing is Key.NONE:
            keys.create(self._keystore, self._password())
        return {"address": self.address}

    def _password(self) -> str:
        """A new one; or the one that is there already, when this was killed before the key was made."""
        if not self._password_file.exists():
            keys.write_private(self._password_file, f"{secrets.token_urlsafe(24)}\n".encode())
        return keys.read_private(self._password_file).decode().rstrip("\r\n")

    def _back_up(self) -> Mapping[str, Any]:
        if self.standing is Key.NONE:
            raise NotNow("There is no key yet.")
        account = keys.load(self._keystore, self._password_file)
        context = backups.context(self._household, account.address, self._manifest)
        code = backups.new_code()
        self._backup, self._fetched = backups.encode(account, context, code), False
        return {"code": code, "address": account.address}

    def _file(self) -> Mapping[str, Any]:
        content = self._made()
        self._fetched = True
        return {"file": content.decode()}

    def _prove(self, code: str) -> Mapping[str, Any]:
        content = self._made()
        if not self._fetched:
            raise NotNow("Download the file first: the code alone brings no key back.")
        context, keystore = backups.decode(content, self._keystore)
        backups.open_backup(keystore, context, code)
        note_proved(self._keystore, context)
        self._backup = None
        return {"proved": True}

    def _bring_back(self, file: str, code: str) -> Mapping[str, Any]:
        if self.standing is not Key.NONE:
            raise NotNow("There is a key here already, and it is never overwritten.")
        context, keystore = backups.decode(file.encode(), "this file")
        if context.household != self._household:
            raise NotNow(f"This is the backup of {context.household}, another household.")
        account = backups.open_backup(keystore, context, code)
        keys.keep(self._keystore, account, self._password())
        note_proved(self._keystore, context)
        return {"address": account.address}

    def _made(self) -> bytes:
        if self._backup is None:
            raise NotNow("The code that was shown counts no more: have a new one shown.")
        return self._backup
