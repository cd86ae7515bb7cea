"""Reading the chain's bytes: calls, events and errors of our contracts as named records, from the artefacts.

`Decoded.meaning` is what the contract's own documentation says about the function, event or error, so that a
page or a message can say it to people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from chain.keys import keccak
from contracts.abi import Struct, decode, encode, struct
from contracts.errors import ArtifactMissing, UndecodableData

ARTIFACTS = Path(__file__).parent / "artifacts"
CONTRACTS = ("EnergyMarket", "EnergyToken", "NodeRegistry")

_PANICS = {
    0x01: "an assertion failed",
    0x11: "an arithmetic overflow",
    0x12: "a division by zero",
    0x21: "a number is none of its enumeration",
    0x32: "an index beyond its array",
}


@dataclass(frozen=True)
class Decoded:
    """A call, an event or an error."""

    contract: str
    """Name of the contract that defines it; empty for what every contract can answer."""

    name: str
    fields: Mapping[str, Any]
    """Arguments by name, in order: integers, booleans, bytes, checksummed addresses, lists and dicts."""

    meaning: str = ""
    """A sentence for people."""

    def __str__(self) -> str:
        listed = ", ".join(f"{name}={_shown(value)}" for name, value in self.fields.items())
        return f"{self.name}({listed})"


@dataclass(frozen=True)
class Entry:
    """A function, event or error of an ABI."""

    name: str
    inputs: Struct
    outputs: Struct
    indexed: tuple[bool, ...]

    @cached_property
    def signature(self) -> str:
        """Name and types, as they are hashed."""
        return f"{self.name}{self.inputs.name}"

    @cached_property
    def topic(self) -> bytes:
        """First topic of an event; its first four bytes select a function or an error."""
        return keccak(self.signature.encode())


@dataclass(frozen=True)
class Interface:
    """What one contract understands and says."""

    contract: str
    functions: Mapping[bytes, Entry]
    """By selector."""

    events: Mapping[bytes, Entry]
    """By first topic."""

    errors: Mapping[bytes, Entry]
    """By selector."""

    notices: Mapping[str, str]

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """Functions by name and by signature; of overloaded ones, the name stands for one of them."""
        listed = list(self.functions.values())
        return {e.name: e for e in listed} | {e.signature: e for e in listed}

    def encode(self, function: str, *values: Any, **named: Any) -> bytes:
        """Calldata: selector and arguments, given in order or by name.

        Raises:
            Unencodable: a value that its type cannot carry.
        """
        entry = self.by_name[function]
        return entry.topic[:4] + encode(entry.inputs, named or values)

    def results(self, function: str, data: bytes) -> Any:
        """What a view answered: its one result, or all of them by name.

        Raises:
            UndecodableData: there is no such contract at the address, or it is another one.
        """
        entry = self.by_name[function]
        values = decode(entry.outputs, data)
        return next(iter(values.values())) if len(values) == 1 else values

    def decoded(self, entry: Entry, fields: Mapping[str, Any]) -> Decoded:
        """A record of this contract, with what its documentation says."""
        return Decoded(self.contract, entry.name, fields, self.notices.get(entry.signature, ""))


@lru_cache
def interface(contract: str) -> Interface:
    """The interface of a compiled contract. Read once; its code is not kept.

    Raises:
        ArtifactMissing: no contract of that name.
    """
    found = artifact(contract)
    entries: dict[str, list[Entry]] = {"function": [], "event": [], "error": []}
    for item in found["abi"]:
        if item["type"] in entries:
            entries[item["type"]].append(_entry(item))
    return Interface(
        contract=contract,
        functions={e.topic[:4]: e for e in entries["function"]},
        events={e.topic: e for e in entries["event"]},
        errors={e.topic[:4]: e for e in entries["error"]},
        notices=found["notices"],
    )


def artifact(contract: str) -> dict[str, Any]:
    """All that the compiler left of a contract: see `contracts.compile`.

    Raises:
        ArtifactMissing: no contract of that name.
    """
    try:
        content: dict[str, Any] = json.loads((ARTIFACTS / f"{contract}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactMissing(
            f"there is no compiled contract {contract!r} in {ARTIFACTS}: run python -m contracts.compile"
        ) from None
    return content


def decode_log(topics: Sequence[bytes], data: bytes, contract: str | None = None) -> Decoded | None:
    """The event that a log entry records; None if it is none of ours.

    Args:
        contract: name of the contract at the log's address, if known; else all of ours are tried.

    Raises:
        UndecodableData: the topic is an event of ours, the rest does not fit.
    """
    if not topics:
        return None
    for known in _asked(contract):
        if entry := known.events.get(bytes(topics[0])):
            return known.decoded(entry, _event_fields(entry, topics[1:], data))
    return None


def decode_call(data: bytes, contract: str | None = None) -> Decoded | None:
    """The function that calldata calls, and its arguments; None if it is none of ours.

    Raises:
        UndecodableData: the selector is one of ours, the arguments do not fit.
    """
    for known in _asked(contract):
        if entry := known.functions.get(bytes(data[:4])):
            return known.decoded(entry, decode(entry.inputs, data[4:]))
    return None


def decode_revert(data: bytes) -> Decoded | None:
    """Why a contract refused: one of our errors, or Solidity's own; None if it said nothing we know."""
    selector, arguments = bytes(data[:4]), data[4:]
    try:
        for known in _asked(None):
            if entry := known.errors.get(selector):
                return known.decoded(entry, decode(entry.inputs, arguments))
        if selector == ERROR.topic[:4]:
            fields = decode(ERROR.inputs, arguments)
            return Decoded("", "Error", fields, fields["message"])
        if selector == PANIC.topic[:4]:
            fields = decode(PANIC.inputs, arguments)
            meaning = _PANICS.get(fields["code"], "the contract ran into its own mistake")
            return Decoded("", "Panic", fields, meaning)
    except UndecodableData:
        return None
    return None


def _entry(item: Mapping[str, Any]) -> Entry:
    indexed = tuple(bool(p.get("indexed")) for p in item["inputs"])
    return Entry(item["name"], struct(item["inputs"]), struct(item.get("outputs", [])), indexed)


def _event_fields(entry: Entry, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    marked = list(zip(entry.inputs.fields, entry.indexed, strict=True))
    in_topics = Struct(tuple(field for field, indexed in marked if indexed))
    in_data = Struct(tuple(field for field, indexed in marked if not indexed))
    if len(topics) != len(in_topics.fields):
        raise UndecodableData(f"{entry.signature} has {len(in_topics.fields)} topics, not {len(topics)}")
    values = decode(in_topics, b"".join(topics)) | decode(in_data, data)
    return {name: values[name] for name, _ in entry.inputs.fields}


def _asked(contract: str | None) -> list[Interface]:
    return [interface(name) for name in ((contract,) if contract else CONTRACTS)]


def _shown(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


ERROR = Entry("Error", struct([{"type": "string", "name": "message"}]), struct([]), ())
PANIC = Entry("Panic", struct([{"type": "uint256", "name": "code"}]), struct([]), ())
