"""Are the key files there, closed to others, and do their passwords open them?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chain import keys
from chain.errors import KeyRefused
from node.config import Settings
from node.doctor.findings import Failed, Finding, Ok


def check(settings: Settings) -> Iterator[Finding]:
    """Open every key of this household once."""
    account = settings.account
    yield opened("the household's account", account.keystore, account.password_file, account.address)
    node = settings.chain.node
    if node is None:
        return
    yield node_key(node.key_file)
    if node.seal:
        yield opened("the sealing key", node.seal.keystore, node.seal.password_file)


def opened(whose: str, keystore: Path, password_file: Path, address: str | None = None) -> Finding:
    """Whether a keystore opens, and is the one that the configuration names."""
    try:
        account = keys.load(keystore, password_file)
    except KeyRefused as refusal:
        return Failed(str(refusal), advice(keystore, f"commonwatt key new {keystore}"))
    if address and address.lower() != account.address.lower():
        return Failed(
            f"{keystore} is the key of {account.address}, account.address says {address}",
            "correct one of them",
        )
    return Ok(f"{whose} is {account.address}")


def node_key(path: Path) -> Finding:
    """Whether the node's own key is there."""
    try:
        keys.load_node_key(path)
    except KeyRefused as refusal:
        return Failed(str(refusal), advice(path, f"commonwatt key node {path}"))
    return Ok(f"{path} is readable by its owner only")


def advice(path: Path, makes: str) -> str:
    """What to do about a key that cannot be used.

    Args:
        makes: the command that makes such a key.
    """
    try:
        missing = not path.exists()
    except OSError:
        missing = False
    if missing:
        return f"make it: {makes}"
    return "a key and its password belong to its process's user, mode 0600; as root all can be looked at"
