from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Literal

import pytest
from eth_keyfile import keyfile as eth_keyfile
from eth_keys import datatypes as reference
from eth_keys.constants import SECPK1_N
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import KeyRefused, SignatureRefused
from chain.keys import (
    Account,
    checksum,
    create,
    create_node_key,
    enode,
    keccak,
    load,
    load_node_key,
    recover,
    write_private,
)

ACCOUNT = Account.of(bytes.fromhex("4646464646464646464646464646464646464646464646464646464646464646"))
"""The key of EIP-155's example."""

privates = st.integers(1, SECPK1_N - 1).map(lambda n: n.to_bytes(32))
digests = st.binary(min_size=32, max_size=32)


def test_a_known_key_has_its_known_address() -> None:
    assert ACCOUNT.address == "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"


def test_keccak_is_ethereums() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(privates, digests)
def test_the_reference_implementation_recovers_the_signer(private: bytes, digest: bytes) -> None:
    account = Account.of(private)
    signature = account.sign(digest)
    assert signature[64] in (27, 28)
    assert recover(digest, signature) == account.address
    theirs = reference.Signature(signature[:64] + bytes([signature[64] - 27]))
    assert theirs.recover_public_key_from_msg_hash(digest).to_checksum_address() == account.address


@given(privates, digests)
def test_a_malleable_twin_of_a_signature_is_refused(private: bytes, digest: bytes) -> None:
    signature = Account.of(private).sign(digest)
    high_s = SECPK1_N - int.from_bytes(signature[32:64])
    twin = signature[:32] + high_s.to_bytes(32) + bytes([55 - signature[64]])
    with pytest.raises(SignatureRefused, match="malleable"):
        recover(digest, twin)


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        (b"", "65 bytes"),
        (bytes(64), "65 bytes"),
        (bytes(66), "65 bytes"),
        (bytes(65), "27 or 28"),
        (bytes(64) + b"\x1b", "no key can have made"),
        (b"\xff" * 32 + bytes(31) + b"\1\x1b", "no key can have made"),
    ],
)
def test_what_is_no_signature_is_refused(signature: bytes, says: str) -> None:
    with pytest.raises(SignatureRefused, match=says):
        recover(bytes(32), signature)


@given(st.binary(max_size=80))
def test_arbitrary_bytes_never_do_worse_than_being_refused(signature: bytes) -> None:
    with contextlib.suppress(SignatureRefused):
        recover(bytes(32), signature)


def test_only_a_digest_is_signed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ACCOUNT.sign(b"a message")


@pytest.mark.parametrize("private", [b"", bytes(32), SECPK1_N.to_bytes(32), bytes(33)])
def test_what_is_no_private_key_is_refused(private: bytes) -> None:
    with pytest.raises(KeyRefused):
        Account.of(private)


def test_a_private_key_is_never_shown() -> None:
    assert "46" not in repr(ACCOUNT).replace(ACCOUNT.address, "")


def test_what_was_created_is_loaded(tmp_path: Path) -> None:
    account = create(tmp_path / "key.json", "a password")
    write_private(tmp_path / "password", b"a password\n")
    assert load(tmp_path / "key.json", tmp_path / "password") == account
    assert (tmp_path / "key.json").stat().st_mode & 0o777 == 0o600


def test_other_programs_open_our_keystore_and_we_open_theirs(tmp_path: Path) -> None:
    account = create(tmp_path / "ours.json", "a password")
    assert eth_keyfile.extract_key_from_keyfile(str(tmp_path / "ours.json"), b"a password") == account.private
    write_private(tmp_path / "password", b"a password")
    kinds: tuple[Literal["scrypt", "pbkdf2"], ...] = ("scrypt", "pbkdf2")
    for kdf in kinds:
        theirs = eth_keyfile.create_keyfile_json(account.private, b"a password", kdf=kdf, iterations=2)
        write_private(tmp_path / f"{kdf}.json", json.dumps(theirs).encode())
        assert load(tmp_path / f"{kdf}.json", tmp_path / "password") == account


def test_opening_a_key_does_not_strain_a_small_machine(tmp_path: Path) -> None:
    create(tmp_path / "key.json", "a password")
    write_private(tmp_path / "password", b"a password")
    begun = time.process_time()
    load(tmp_path / "key.json", tmp_path / "password")
    assert time.process_time() - begun < 0.5


def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    create(tmp_path / "key.json", "a password")
    write_private(tmp_path / "password", b"another one")
    with pytest.raises(KeyRefused, match="does not open"):
        load(tmp_path / "key.json", tmp_path / "password")


@pytest.mark.parametrize("name", ["key.json", "password"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    create(tmp_path / "key.json", "a password")
    write_private(tmp_path / "password", b"a password")
    (tmp_path / name).chmod(mode)
    with pytest.raises(KeyRefused, match=f"{name} is open to others .* chmod 600"):
        load(tmp_path / "key.json", tmp_path / "password")


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match=r"key\.json is not there"):
        load(tmp_path / "key.json", tmp_path / "password")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 4}', b'{"version": 3, "crypto": 7}'])
def test_what_is_no_keystore_is_told(tmp_path: Path, content: bytes) -> None:
    write_private(tmp_path / "key.json", content)
    write_private(tmp_path / "password", b"a password")
    with pytest.raises(KeyRefused, match="not a version 3 keystore"):
        load(tmp_path / "key.json", tmp_path / "password")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    create(tmp_path / "key.json", "a password")
    before = (tmp_path / "key.json").read_bytes()
    with pytest.raises(KeyRefused, match="exists already"):
        create(tmp_path / "key.json", "a password")
    assert (tmp_path / "key.json").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["key.json"]


def test_a_nodes_key_makes_its_enode(tmp_path: Path) -> None:
    key = create_node_key(tmp_path / "node.key")
    assert load_node_key(tmp_path / "node.key") == key
    public = reference.PrivateKey(key).public_key.to_bytes().hex()
    assert enode(key, "10.0.0.2", 30303) == f"enode://{public}@10.0.0.2:30303"


def test_what_is_no_node_key_is_told(tmp_path: Path) -> None:
    write_private(tmp_path / "node.key", b"hello")
    with pytest.raises(KeyRefused, match="64 hexadecimal digits"):
        load_node_key(tmp_path / "node.key")


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_the_reference(address: bytes) -> None:
    from eth_utils.address import to_checksum_address

    assert checksum(address) == to_checksum_address(address) == checksum("0x" + address.hex())
