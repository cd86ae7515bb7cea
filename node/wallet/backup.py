"""The household's key on a stick, and the code that opens it on paper.

The file holds the key under a recovery code of its own, and what a stranger needs to know about it: whose it
is, on which chain. It is of no use without the code, so it may lie in many places; the code is of no use
without the file, so it may lie in a drawer. The code is made here, of 120 random bits: no family invents, or
remembers, as good a one, and so no costly key derivation has to make up for a weak one on a small machine.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chain import keys
from chain.errors import KeyRefused
from contracts.errors import ContractsError
from contracts.manifest import load as load_manifest

KIND = "commonwatt key backup"
VERSION = 1

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: what looks alike (I L O) is left out. https://www.crockford.com/base32.html"""

ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
GROUP, GROUPS = 5, 5

SCRYPT_N = 1 << 16
"""64 MiB for a second: what the smallest Pi can spare once."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is public about a key."""

    household: str
    address: str
    chain_id: int | None
    """None: the contracts' manifest was not there."""

    genesis_hash: str | None
    config_sha256: str | None
    """Of the configuration's files, to know whether those that are found later are the same; None: not known
    to who made it."""

    made: str
    """Date and time, UTC."""


def context(household: str, address: str, manifest: Path, config_sha256: str | None = None) -> Context:
    """What is public about a key now.

    Args:
        manifest: of the contracts; it need not be there.
    """
    try:
        found = load_manifest(manifest)
    except ContractsError:
        found = None
    return Context(
        household=household,
        address=address,
        chain_id=None if found is None else found.chain_id,
        genesis_hash=None if found is None else found.genesis_hash,
        config_sha256=config_sha256,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def new_code() -> str:
    """A recovery code: 24 random letters and one that checks them, in groups."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(GROUP * GROUPS - 1))
    return "-".join(_groups(drawn + _check(drawn)))


def read_code(typed: str) -> str:
    """A code as it was typed: small letters, blanks and look-alikes are forgiven.

    Raises:
        KeyRefused: it is none, or has a slip in it.
    """
    letters = typed.strip().upper().translate(ALIKE)
    if len(letters) != GROUP * GROUPS or set(letters) - set(LETTERS):
        raise KeyRefused(f"a recovery code is {GROUPS} groups of {GROUP} letters and digits: read it again")
    if letters[-1] != _check(letters[:-1]):
        raise KeyRefused("there is a slip in the recovery code: compare it letter by letter")
    return "-".join(_groups(letters))


def encode(account: keys.Account, context: Context, code: str) -> bytes:
    """The backup file."""
    keystore = keys.encrypt(account, read_code(code), SCRYPT_N)
    content = {"kind": KIND, "version": VERSION, **asdict(context), "keystore": keystore}
    return json.dumps(content, indent=2).encode() + b"\n"


def decode(content: bytes, place: Path | str) -> tuple[Context, dict[str, Any]]:
    """What a backup file says, and its keystore.

    Args:
        place: where it came from, for the message.

    Raises:
        KeyRefused: it is no backup, or of a newer version.
    """
    try:
        given = json.loads(content)
        kind, version = given.pop("kind"), given.pop("version")
        keystore = dict(given.pop("keystore"))
        context = Context(**given) if (kind, version) == (KIND, VERSION) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyRefused(f"{place} is no backup of a key, or is damaged: take another copy") from None
    if context is None:
        raise KeyRefused(f"{place} is a {kind} of version {version}: install the newest Commonwatt")
    return context, keystore


def open_backup(keystore: dict[str, Any], context: Context, code: str) -> keys.Account:
    """The account in a backup.

    Raises:
        KeyRefused: the code is not the one of this backup, or the file is damaged.
    """
    try:
        account = keys.decrypt(keystore, read_code(code))
    except (ValueError, KeyError, TypeError) as error:
        raise KeyRefused(f"the backup is damaged ({error}): take another copy") from None
    if account is None:
        raise KeyRefused("this code does not open this backup: each backup has a code of its own")
    if account.address != context.address:
        raise KeyRefused(f"the backup says {context.address} but holds the key of {account.address}")
    return account


def _groups(letters: str) -> list[str]:
    return [letters[start : start + GROUP] for start in range(0, len(letters), GROUP)]


def _check(letters: str) -> str:
    """One letter that slips and exchanged letters change: a sum with places as weights, mod 31."""
    return LETTERS[sum(place * LETTERS.index(each) for place, each in enumerate(letters, 1)) % 31]
