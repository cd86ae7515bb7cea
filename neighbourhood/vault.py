"""Secrets at rest on the operator's machine: files encrypted as Ansible reads them, by ansible-vault."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.private import read_private, write_private
from neighbourhood.errors import ToolMissing

CHECKOUT = Path(__file__).resolve().parents[1]
ENVIRONMENT = CHECKOUT / "build" / "ansible" / "bin"
"""Where `make ansible` puts it."""

TIMEOUT = 120.0
"""Seconds."""


@dataclass(frozen=True)
class Vault:
    """ansible-vault with the file of its password."""

    password: Path

    def begin(self) -> bool:
        """Make the password if there is none. Returns whether it was made.

        Raises:
            KeyRefused: the file is open to others, or cannot be written.
        """
        if self.password.exists():
            read_private(self.password)
            return False
        write_private(self.password, f"{secrets.token_urlsafe(32)}\n".encode())
        return True

    def encrypt(self, files: Sequence[Path]) -> None:
        """Encrypt files where they are.

        Raises:
            ToolMissing: ansible-vault is not there, or refuses.
        """
        if files:
            self._run("encrypt", *map(str, files))

    def view(self, file: Path) -> bytes:
        """What an encrypted file says.

        Raises:
            ToolMissing: ansible-vault is not there, or the password does not fit.
        """
        return self._run("view", str(file))

    def _run(self, *arguments: str) -> bytes:
        command = [str(program()), *arguments, "--vault-password-file", str(self.password.absolute())]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise ToolMissing(f"ansible-vault {arguments[0]} failed: {said[-1]}")
        return done.stdout


def program() -> Path:
    """Ansible's own program.

    Raises:
        ToolMissing: it is not there.
    """
    ours = ENVIRONMENT / "ansible-vault"
    found = str(ours) if ours.exists() else shutil.which("ansible-vault")
    if found is None:
        raise ToolMissing("ansible-vault is not there: run `make ansible` in the checkout first")
    return Path(found)
