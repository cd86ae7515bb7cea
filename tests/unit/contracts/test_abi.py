"""The ABI codec agrees with an independent one, and refuses what no compiler would have written."""

from __future__ import annotations

from typing import Any

import eth_abi.abi as independent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.keys import checksum
from contracts.abi import Struct, decode, encode, parse, struct
from contracts.errors import UndecodableData, Unencodable

values: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint128": st.integers(0, 2**128 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(checksum),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=100),
    "string": st.text(max_size=40),
}


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 2) -> tuple[dict[str, Any], Any]:
    """A JSON ABI parameter and a value for it: words, blobs, structs and arrays of them."""
    kinds = ["word", "struct", "array"] if depth else ["word"]
    match draw(st.sampled_from(kinds)):
        case "struct":
            fields = draw(st.lists(typed_values(depth - 1), min_size=1, max_size=4))
            components = [{**parameter, "name": f"f{i}"} for i, (parameter, _) in enumerate(fields)]
            return {"type": "tuple", "components": components}, [value for _, value in fields]
        case "array":
            parameter, first = draw(typed_values(depth - 1))
            length = draw(st.integers(0, 3))
            return {**parameter, "type": parameter["type"] + "[]"}, [first] * length
        case _:
            name = draw(st.sampled_from(sorted(values)))
            return {"type": name}, draw(values[name])


def plain(value: Any) -> Any:
    """A value as the other codec answers it: tuples for structs and arrays, addresses in small letters."""
    if isinstance(value, dict):
        return tuple(plain(each) for each in value.values())
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    return value.lower() if isinstance(value, str) and value[:2] == "0x" and len(value) == 42 else value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(arguments=st.lists(typed_values(), max_size=4))
def test_it_writes_and_reads_what_an_independent_codec_does(
    arguments: list[tuple[dict[str, Any], Any]],
) -> None:
    kind = struct([parameter for parameter, _ in arguments])
    given_values = [value for _, value in arguments]
    names = [field.name for _, field in kind.fields]

    data = encode(kind, given_values)

    assert data == independent.encode(names, given_values)
    assert plain(decode(kind, data)) == plain(list(independent.decode(names, data)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(arguments=st.lists(typed_values(), min_size=1, max_size=3), data=st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(arguments: list[tuple[dict[str, Any], Any]], data: bytes) -> None:
    kind = struct([parameter for parameter, _ in arguments])
    try:
        decoded = decode(kind, data)
    except UndecodableData:
        return
    assert list(decoded) == [name for name, _ in kind.fields]


def one(name: str) -> Struct:
    return struct([{"type": name, "name": "it"}])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uint64", 2**64),
        ("uint64", -1),
        ("uint64", True),
        ("uint64", 1.0),
        ("int64", 2**63),
        ("bool", 1),
        ("bytes32", b"short"),
        ("address", "0x12"),
        ("address", "no address at all"),
        ("string", b"bytes"),
        ("bytes", "text"),
    ],
)
def test_a_value_that_its_type_cannot_carry_is_refused(name: str, value: object) -> None:
    with pytest.raises(Unencodable):
        encode(one(name), [value])


def test_arguments_are_given_by_name_or_in_order_and_all_of_them() -> None:
    kind = struct([{"type": "uint8", "name": "a"}, {"type": "uint8", "name": "b"}])
    assert encode(kind, {"b": 2, "a": 1}) == encode(kind, [1, 2])
    with pytest.raises(Unencodable):
        encode(kind, {"a": 1})
    with pytest.raises(Unencodable):
        encode(kind, [1])


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("bool", (2).to_bytes(32)),
        ("uint8", (256).to_bytes(32)),
        ("int64", (2**63).to_bytes(32)),
        ("address", b"\1" * 32),
        ("bytes4", b"\1" * 32),
    ],
)
def test_dirty_words_are_refused(name: str, word: bytes) -> None:
    with pytest.raises(UndecodableData):
        decode(one(name), word)


def test_a_length_beyond_the_data_is_refused_before_anything_is_made_of_it() -> None:
    huge = (32).to_bytes(32) + (2**200).to_bytes(32)
    for name in ("uint8[]", "bytes", "string"):
        with pytest.raises(UndecodableData):
            decode(one(name), huge)


def test_a_type_that_our_contracts_do_not_use_is_named() -> None:
    with pytest.raises(UndecodableData, match=r"function"):
        parse({"type": "function"})
