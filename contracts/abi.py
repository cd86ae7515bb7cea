"""The contract ABI: values to bytes and back, for the types that our contracts use.

Every daemon of a household reads the chain, and the usual package for this takes 11 MB in each; it is the
oracle of this module's tests instead. Decoding is strict: what no compiler would have written is refused.
Source: https://docs.soliditylang.org/en/latest/abi-spec.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chain.keys import checksum
from contracts.errors import UndecodableData, Unencodable

WORD = 32

_SIZED = re.compile(r"(uint|int|bytes)(\d+)\Z")


@dataclass(frozen=True)
class Word:
    """A value of one 32-byte word: uint, int, bytesN (`size` in bits, bytes for bytesN), address or bool."""

    name: str
    kind: str
    size: int = 0
    dynamic = False
    head = WORD


@dataclass(frozen=True)
class Blob:
    """`bytes` or `string`."""

    name: str
    dynamic = True
    head = WORD


@dataclass(frozen=True)
class Array:
    """Any number of one type, `T[]`."""

    item: Type
    dynamic = True
    head = WORD

    @property
    def name(self) -> str:
        """As in a signature."""
        return f"{self.item.name}[]"


@dataclass(frozen=True)
class Struct:
    """Named fields in order: a struct, or the arguments of a function, an event or an error."""

    fields: tuple[tuple[str, Type], ...]

    @cached_property
    def name(self) -> str:
        """As in a signature."""
        return f"({','.join(kind.name for _, kind in self.fields)})"

    @cached_property
    def dynamic(self) -> bool:
        """Whether it stands behind an offset."""
        return any(kind.dynamic for _, kind in self.fields)

    @cached_property
    def head(self) -> int:
        """Bytes that it takes in the head of what contains it."""
        return WORD if self.dynamic else sum(kind.head for _, kind in self.fields)


Type = Word | Blob | Array | Struct


def parse(parameter: Mapping[str, Any]) -> Type:
    """The type of one parameter of a JSON ABI.

    Raises:
        UndecodableData: a type that our contracts do not use.
    """
    name = parameter["type"]
    if name.endswith("[]"):
        return Array(parse({**parameter, "type": name[:-2]}))
    if name == "tuple":
        return struct(parameter["components"])
    if name in {"bytes", "string"}:
        return Blob(name)
    if name in {"address", "bool"}:
        return Word(name, name)
    if match := _SIZED.match(name):
        return Word(name, match[1], int(match[2]))
    raise UndecodableData(f"the ABI type {name!r} is not one that this project's contracts use")


def struct(parameters: Sequence[Mapping[str, Any]]) -> Struct:
    """Several parameters of a JSON ABI; those without a name are numbered: `_0`, `_1`."""
    return Struct(tuple((p.get("name") or f"_{i}", parse(p)) for i, p in enumerate(parameters)))


def encode(kind: Struct, values: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Encode the arguments of a function, by name or in order.

    Raises:
        Unencodable: a value that its type cannot carry, or one missing.
    """
    return _encode(kind, values)


def decode(kind: Struct, data: bytes) -> dict[str, Any]:
    """Decode arguments or results: integers, booleans, bytes, strings, checksummed addresses, lists, dicts.

    Raises:
        UndecodableData: too short, or not what an encoder writes.
    """
    decoded: dict[str, Any] = _decode(kind, data, 0)
    return decoded


def _encode(kind: Type, value: Any) -> bytes:
    match kind:
        case Word():
            return _encode_word(kind, value)
        case Blob():
            if not isinstance(value, str if kind.name == "string" else bytes):
                raise Unencodable(f"{value!r} is not {kind.name}")
            raw = value.encode() if isinstance(value, str) else value
            return len(raw).to_bytes(WORD) + raw + bytes(-len(raw) % WORD)
        case Array():
            return len(value).to_bytes(WORD) + _joined([kind.item] * len(value), value)
        case Struct():
            names = [name for name, _ in kind.fields]
            if isinstance(value, Mapping):
                if set(names) != set(value):
                    raise Unencodable(f"fields {sorted(value)} given where {names} are meant")
                value = [value[name] for name in names]
            if len(value) != len(names):
                raise Unencodable(f"{len(value)} values given for {kind.name}")
            return _joined([field for _, field in kind.fields], value)


def _joined(kinds: Sequence[Type], values: Sequence[Any]) -> bytes:
    parts = [_encode(kind, value) for kind, value in zip(kinds, values, strict=True)]
    offset = sum(kind.head for kind in kinds)
    heads, tails = [], []
    for kind, part in zip(kinds, parts, strict=True):
        if kind.dynamic:
            heads.append(offset.to_bytes(WORD))
            tails.append(part)
            offset += len(part)
        else:
            heads.append(part)
    return b"".join(heads + tails)


def _encode_word(kind: Word, value: Any) -> bytes:
    try:
        match kind.kind:
            case "uint" | "int" if type(value) is int:
                signed = kind.kind == "int"
                value.to_bytes(kind.size // 8, signed=signed)
                return value.to_bytes(WORD, signed=signed)
            case "bool" if type(value) is bool:
                return value.to_bytes(WORD)
            case "address" if isinstance(value, str):
                return bytes.fromhex(checksum(value)[2:]).rjust(WORD, b"\0")
            case "bytes" if isinstance(value, bytes) and len(value) == kind.size:
                return value.ljust(WORD, b"\0")
    except (OverflowError, ValueError) as error:
        raise Unencodable(f"{value!r} does not fit {kind.name}: {error}") from None
    raise Unencodable(f"{value!r} is not {kind.name}")


def _decode(kind: Type, data: bytes, at: int) -> Any:
    match kind:
        case Word():
            return _decode_word(kind, _slice(data, at, WORD))
        case Blob():
            return _decode_blob(kind, data, at)
        case Array():
            length = int.from_bytes(_slice(data, at, WORD))
            start = at + WORD
            if length * kind.item.head > len(data) - start:
                raise UndecodableData(f"{length} of {kind.item.name} do not fit into {len(data)} bytes")
            return [_field(kind.item, data, start, i * kind.item.head) for i in range(length)]
        case Struct():
            values, offset = {}, 0
            for name, field in kind.fields:
                values[name] = _field(field, data, at, offset)
                offset += field.head
            return values


def _field(kind: Type, data: bytes, start: int, offset: int) -> Any:
    """One field of a struct or array that starts at `start`; a dynamic one stands behind an offset."""
    if kind.dynamic:
        return _decode(kind, data, start + int.from_bytes(_slice(data, start + offset, WORD)))
    return _decode(kind, data, start + offset)


def _decode_blob(kind: Blob, data: bytes, at: int) -> bytes | str:
    raw = _slice(data, at + WORD, int.from_bytes(_slice(data, at, WORD)))
    if kind.name == "bytes":
        return raw
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UndecodableData(f"{raw!r} is not text") from None


def _decode_word(kind: Word, word: bytes) -> int | bool | str | bytes:
    number = int.from_bytes(word)
    match kind.kind:
        case "uint" if number < 1 << kind.size:
            return number
        case "int":
            signed = int.from_bytes(word, signed=True)
            if -(1 << kind.size - 1) <= signed < 1 << kind.size - 1:
                return signed
        case "bool" if number <= 1:
            return bool(number)
        case "address" if not any(word[:12]):
            return checksum(word[12:])
        case "bytes" if not any(word[kind.size :]):
            return word[: kind.size]
    raise UndecodableData(f"0x{word.hex()} is not {kind.name}")


def _slice(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise UndecodableData(f"{len(data)} bytes end before byte {at + length}")
    return data[at : at + length]
