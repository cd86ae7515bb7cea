"""A key comes back from its file and its code, and from nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import KeyRefused
from chain.keys import Account
from node.wallet import backup
from node.wallet.backup import LETTERS, Context, decode, encode, new_code, open_backup, read_code

ACCOUNT = Account.of(b"\x22" * 32)
FILE = Path("birch.backup")
CONTEXT = Context(
    household="birch", address=ACCOUNT.address, chain_id=7, genesis_hash="0x12", config_sha256="34",
    made="2026-11-25T10:00:00+00:00",
)  # fmt: skip

codes = st.text(LETTERS, min_size=24, max_size=24).map(lambda drawn: drawn + backup._check(drawn))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "SCRYPT_N", 2)


def test_file_and_code_give_the_key_back() -> None:
    code = new_code()
    context, keystore = decode(encode(ACCOUNT, CONTEXT, code), FILE)
    assert context == CONTEXT
    assert open_backup(keystore, context, code) == ACCOUNT
    assert open_backup(keystore, context, code.lower().replace("-", " ").replace("0", "o")) == ACCOUNT


def test_the_file_shows_nothing_of_the_key() -> None:
    content = encode(ACCOUNT, CONTEXT, new_code())
    assert ACCOUNT.private.hex().encode() not in content


def test_another_code_does_not_open_it() -> None:
    context, keystore = decode(encode(ACCOUNT, CONTEXT, new_code()), FILE)
    with pytest.raises(KeyRefused, match="a code of its own"):
        open_backup(keystore, context, new_code())


@given(codes, st.integers(0, 24), st.sampled_from(LETTERS))
def test_a_slip_in_the_code_is_told(code: str, place: int, letter: str) -> None:
    slipped = code[:place] + letter + code[place + 1 :]
    if slipped == code or {code[place], letter} == {"0", "Z"}:
        read_code(slipped)
    else:
        with pytest.raises(KeyRefused, match="a slip"):
            read_code(slipped)


@given(codes)
def test_a_code_is_read_as_people_type_it(code: str) -> None:
    shown = read_code(code)
    assert shown.replace("-", "") == code
    assert read_code(f"  {shown.lower()} ") == shown


@given(st.text(max_size=40))
def test_what_is_no_code_is_told(typed: str) -> None:
    letters = typed.strip().upper().translate(backup.ALIKE)
    if len(letters) != 25 or set(letters) - set(LETTERS):
        with pytest.raises(KeyRefused, match="5 groups of 5"):
            read_code(typed)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"kind": "commonwatt key backup", "version": 1}']
)
def test_what_is_no_backup_is_told(content: bytes) -> None:
    with pytest.raises(KeyRefused, match=r"birch\.backup is no backup"):
        decode(content, FILE)


def test_a_backup_of_a_newer_version_is_told() -> None:
    content = json.loads(encode(ACCOUNT, CONTEXT, new_code())) | {"version": 2, "more": 1}
    with pytest.raises(KeyRefused, match="install the newest"):
        decode(json.dumps(content).encode(), FILE)


def test_a_backup_that_was_put_together_from_two_is_told() -> None:
    code = new_code()
    content = json.loads(encode(ACCOUNT, CONTEXT, code)) | {"address": "0x" + "aa" * 20}
    context, keystore = decode(json.dumps(content).encode(), FILE)
    with pytest.raises(KeyRefused, match="holds the key of"):
        open_backup(keystore, context, code)
