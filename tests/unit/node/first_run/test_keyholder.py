"""The key is made once, its backup handed out until somebody has proved it, and never again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from chain import keys
from chain.errors import KeyRefused
from node.channel import NotNow
from node.first_run.keyholder import KeyHolder
from node.first_run.steps import Key
from node.wallet import backup as backups


def holder(folder: Path) -> KeyHolder:
    return KeyHolder(
        keystore=folder / "key.json",
        password_file=folder / "key.password",
        household="birch",
        manifest=folder / "manifest.json",
    )


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of work for each code is not what these tests are about."""
    monkeypatch.setattr(backups, "SCRYPT_N", 1_024)


def test_from_nothing_to_a_proved_backup(tmp_path: Path) -> None:
    one = holder(tmp_path)
    assert (one.standing, one.address) == (Key.NONE, None)
    made = one.answer({"op": "make"})
    assert one.standing is Key.UNPROVED
    account = keys.load(tmp_path / "key.json", tmp_path / "key.password")
    assert made == {"address": account.address}
    code = one.answer({"op": "backup"})["code"]
    file = one.answer({"op": "file"})["file"].encode()
    context, keystore = backups.decode(file, Path("from the pages"))
    assert backups.open_backup(keystore, context, code).private == account.private
    assert context.household == "birch"
    assert one.answer({"op": "prove", "code": code.lower().replace("-", " ")}) == {"proved": True}
    assert holder(tmp_path).standing is Key.PROVED


def backed_up(folder: Path) -> tuple[str, str, str]:
    """Of a household that a box had before: account, backup and code."""
    one = holder(folder)
    address = one.answer({"op": "make"})["address"]
    code = one.answer({"op": "backup"})["code"]
    return address, one.answer({"op": "file"})["file"], code


def test_another_box_takes_the_key_from_its_backup(tmp_path: Path) -> None:
    for name in ("dead", "new"):
        (tmp_path / name).mkdir()
    address, file, code = backed_up(tmp_path / "dead")
    new = holder(tmp_path / "new")
    asked = {"op": "restore", "file": file}
    with pytest.raises(KeyRefused, match="does not open"):
        new.answer({**asked, "code": backups.new_code()})
    with pytest.raises(KeyRefused, match="this file is no backup"):
        new.answer({"op": "restore", "file": file[:-20], "code": code})
    with pytest.raises(NotNow, match="the backup of birch, another"):
        KeyHolder(
            keystore=tmp_path / "new" / "key.json",
            password_file=tmp_path / "new" / "key.password",
            household="cedar",
            manifest=tmp_path / "manifest.json",
        ).answer({**asked, "code": code})
    assert list((tmp_path / "new").iterdir()) == []
    assert new.answer({**asked, "code": code.lower()}) == {"address": address}
    assert new.standing is Key.PROVED
    assert keys.load(tmp_path / "new/key.json", tmp_path / "new/key.password").address == address


def test_no_backup_takes_the_place_of_a_key(tmp_path: Path) -> None:
    for name in ("dead", "new"):
        (tmp_path / name).mkdir()
    _, file, code = backed_up(tmp_path / "dead")
    new = holder(tmp_path / "new")
    made = new.answer({"op": "make"})
    with pytest.raises(NotNow, match="never overwritten"):
        new.answer({"op": "restore", "file": file, "code": code})
    assert new.address == made["address"]


def test_after_it_was_proved_nothing_is_handed_out_for_ever(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    code = one.answer({"op": "backup"})["code"]
    one.answer({"op": "file"})
    one.answer({"op": "prove", "code": code})
    for which in (one, holder(tmp_path)):
        for op in ("make", "backup", "file", "prove", "restore", "anything"):
            with pytest.raises(NotNow, match="handed out no more"):
                which.answer({"op": op, "code": code})


def test_a_wrong_code_proves_nothing(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    first = one.answer({"op": "backup"})["code"]
    one.answer({"op": "file"})
    for wrong in ("", "12345", backups.new_code(), first[:-1] + ("0" if first[-1] != "0" else "1")):
        with pytest.raises(KeyRefused):
            one.answer({"op": "prove", "code": wrong})
    assert one.standing is Key.UNPROVED


def test_a_code_counts_for_the_last_backup_only(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    before = one.answer({"op": "backup"})["code"]
    one.answer({"op": "backup"})
    one.answer({"op": "file"})
    with pytest.raises(KeyRefused, match="does not open"):
        one.answer({"op": "prove", "code": before})


def test_whoever_did_not_take_the_file_has_no_backup(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    code = one.answer({"op": "backup"})["code"]
    with pytest.raises(NotNow, match="Download the file first"):
        one.answer({"op": "prove", "code": code})


def test_a_key_is_made_once(tmp_path: Path) -> None:
    one = holder(tmp_path)
    first = one.answer({"op": "make"})
    assert one.answer({"op": "make"}) == first
    assert holder(tmp_path).answer({"op": "make"}) == first


def test_killed_between_password_and_key_it_goes_on(tmp_path: Path) -> None:
    keys.write_private(tmp_path / "key.password", b"made before the kill\n")
    holder(tmp_path).answer({"op": "make"})
    assert keys.load(tmp_path / "key.json", tmp_path / "key.password")


def test_killed_after_the_code_was_shown_it_shows_another(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    code = one.answer({"op": "backup"})["code"]
    again = holder(tmp_path)
    assert again.standing is Key.UNPROVED
    with pytest.raises(NotNow, match="have a new one shown"):
        again.answer({"op": "prove", "code": code})
    assert again.answer({"op": "backup"})["code"] != code


def test_nobody_else_reads_what_is_kept_and_the_code_is_not(tmp_path: Path) -> None:
    one = holder(tmp_path)
    one.answer({"op": "make"})
    code = one.answer({"op": "backup"})["code"]
    one.answer({"op": "file"})
    one.answer({"op": "prove", "code": code})
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert code.encode() not in file.read_bytes()


def test_there_is_no_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotNow, match="no key yet"):
        holder(tmp_path).answer({"op": "backup"})
