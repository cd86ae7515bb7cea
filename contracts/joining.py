"""A household's request to be admitted: a small file that it hands to the neighbourhood's operator.

It says what the registry is to say of the household, and is signed with the household's key: nobody can be
entered under an account, or at an address, that is not theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chain.errors import SignatureRefused
from chain.files import replace_file
from chain.keys import Account, checksum, recover
from contracts.bindings import Household, Role
from contracts.errors import RequestRefused
from contracts.messages import join_digest

KIND, VERSION = "commonwatt join request", 1
LARGEST = 8 << 10
"""Bytes: none of ours is longer."""

ROLE = re.compile("|".join(role.name.lower() for role in Role))
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
ENODE = re.compile(r"(enode://[0-9a-f]{128}@[\w.:\[\]-]{1,100})?")
ENDPOINT = re.compile(r"([\w.:\[\]-]{1,100}:\d{1,5})?")


@dataclass(frozen=True)
class JoinRequest:
    """Who asks, for which chain."""

    household: Household
    chain_id: int
    genesis: str
    """Hash of the chain's first block, 0x…"""

    @property
    def digest(self) -> bytes:
        """What is signed."""
        h = self.household
        genesis = bytes.fromhex(self.genesis.removeprefix("0x"))
        return join_digest(self.chain_id, genesis, h.account, h.name, int(h.role), h.enode, h.relay)


def write(path: Path, request: JoinRequest, account: Account) -> None:
    """Sign a request, and write it.

    Raises:
        RequestRefused: the account is another than the household's; or nobody could read this request.
    """
    if account.address != request.household.account:
        raise RequestRefused(f"the key is {account.address}'s, not {request.household.account}'s")
    content = {
        "kind": KIND,
        "version": VERSION,
        "chain_id": request.chain_id,
        "genesis": request.genesis,
        **{name: value for name, value in asdict(request.household).items() if name != "admitted"},
        "role": request.household.role.name.lower(),
        "signature": "0x" + account.sign(request.digest).hex(),
    }
    _parsed(content)
    replace_file(path, json.dumps(content, indent=2).encode() + b"\n", mode=0o644)


def read(path: Path) -> JoinRequest:
    """Read a request, and check that its household signed it.

    Raises:
        RequestRefused: it cannot be read, is no request, or was changed after it was signed.
    """
    try:
        with path.open("rb") as file:
            return loads(file.read(LARGEST + 1), path)
    except OSError as error:
        raise RequestRefused(f"{path} cannot be read: {error.strerror}") from None


def loads(raw: bytes, path: Path) -> JoinRequest:
    """The same, of what stands in a file, or in a picture's code.

    Args:
        path: where it came from, for messages.

    Raises:
        RequestRefused: it is no request, or was changed after it was signed.
    """
    try:
        content = json.loads(raw) if len(raw) <= LARGEST else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise RequestRefused(f"{path} is no request to join: commonwatt chain request makes one")
    if content.get("version") != VERSION:
        raise RequestRefused(
            f"{path} is of another version than {VERSION}: update the older of the two hosts"
        )
    request, signature = _parsed(content)
    try:
        signer = recover(request.digest, signature)
    except SignatureRefused as error:
        raise RequestRefused(f"{path}: {error}") from None
    if signer != request.household.account:
        raise RequestRefused(
            f"{path} was not signed by {request.household.account}: it was changed on its way, or made with "
            "another key; have the household make it again"
        )
    return request


def _parsed(content: dict[str, Any]) -> tuple[JoinRequest, bytes]:
    try:
        household = Household(
            checksum(bytes.fromhex(_text(content, "account", re.compile(r"0x[0-9a-fA-F]{40}"))[2:])),
            _text(content, "name", NAME),
            Role[_text(content, "role", ROLE).upper()],
            _text(content, "enode", ENODE),
            _text(content, "relay", ENDPOINT),
        )
        genesis = _text(content, "genesis", re.compile(r"0x[0-9a-f]{64}"))
        signature = bytes.fromhex(_text(content, "signature", re.compile(r"0x[0-9a-f]{130}"))[2:])
        chain_id = int(
            _text(content | {"chain_id": str(content["chain_id"])}, "chain_id", re.compile(r"\d{1,18}"))
        )
        return JoinRequest(household, chain_id, genesis), signature
    except (KeyError, ValueError) as error:
        raise RequestRefused(f"the request to join says nothing usable as {error.args[0]!r}") from None


def _text(content: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = content[name]
    if not isinstance(value, str) or shape.fullmatch(value) is None:
        raise ValueError(name)
    return value


def clash(asked: Household, households: Iterable[Household]) -> str | None:
    """Why the registry should not say this: a name, a node and a relay are one household's alone."""
    for each in households:
        if each.account == asked.account:
            continue
        if each.name == asked.name:
            return f"{each.name} is the name of {each.account} already: let one of them choose another"
        if asked.relay and each.relay == asked.relay:
            return f"{asked.relay} is the relay of {each.name} already"
        if asked.enode and _key(each.enode) == _key(asked.enode):
            return f"its chain node has the key of {each.name}'s: let it make its own (commonwatt key node)"
    return None


def _key(enode: str) -> str:
    return enode.partition("@")[0]
