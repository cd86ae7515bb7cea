"""A household's key files in its folder: each key with a random password beside it."""

from __future__ import annotations

import secrets
from pathlib import Path

from chain import keys
from chain.keys import Account

ACCOUNT, SEALER, NODE = "key", "sealer", "node.key"
"""Names of the files: key.json with key.password, sealer.json with sealer.password, node.key."""


def account(folder: Path, name: str = ACCOUNT) -> Account:
    """Make a key with a random password beside it.

    Raises:
        KeyRefused: it exists already, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    keys.write_private(folder / f"{name}.password", f"{password}\n".encode())
    return keys.create(folder / f"{name}.json", password)


def enode(folder: Path, host: str, port: int) -> str:
    """Make a chain node's key, and tell its address among peers.

    Raises:
        KeyRefused: it exists already, or cannot be written.
    """
    return keys.enode(keys.create_node_key(folder / NODE), host, port)
