"""What the operator has written beside the inventory, and what is encrypted of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neighbourhood.making import encrypted
from neighbourhood.vault import Vault


class Encrypts(Vault):
    """A vault without Ansible."""

    def encrypt(self, files: Sequence[Path]) -> None:
        for file in files:
            file.write_bytes(b"$ANSIBLE_VAULT;1.1;AES256\n" + file.read_bytes().hex().encode())


def test_addresses_are_encrypted_once_where_they_are(tmp_path: Path) -> None:
    vault, told = Encrypts(tmp_path / "vault.password"), list[str]()
    file = tmp_path / "birch" / "notify.addresses"
    assert not encrypted(file, vault, told.append)
    file.parent.mkdir()
    file.write_text("ntfy://ntfy.sh/our-house\n")
    assert encrypted(file, vault, told.append)
    once = file.read_bytes()
    assert b"our-house" not in once
    assert encrypted(file, vault, told.append)
    assert file.read_bytes() == once
    assert told == ["birch/notify.addresses is encrypted"]
