import sqlite3
import stat
from pathlib import Path

import pytest

from node.dapp.secret import session_key
from node.dapp.users import FILE, Users, has_users, set_password

MONTH = 30 * 86_400.0


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(tmp_path / FILE)


def test_a_password_is_made_of_letters_that_nobody_confuses(tmp_path: Path) -> None:
    password = set_password(tmp_path)
    assert [len(part) for part in password.split("-")] == [4, 4, 4, 4]
    assert not set(password) & set("ilo01")


def test_nobody_is_there_before_the_first_password(tmp_path: Path) -> None:
    assert not has_users(tmp_path)
    set_password(tmp_path)
    assert has_users(tmp_path)


def test_the_password_opens_a_session(tmp_path: Path) -> None:
    password = set_password(tmp_path)
    users = Users(tmp_path / FILE)
    token = users.begin("home", password, at=0.0)
    assert token
    holder = users.holder(token, at=1.0, lasting=MONTH)
    assert holder is not None
    assert (holder.name, holder.role) == ("home", "operator")


@pytest.mark.parametrize(("name", "password"), [("home", "wrong"), ("nobody", "right"), ("", "")])
def test_a_wrong_name_or_password_opens_none(users: Users, name: str, password: str) -> None:
    users.put("home", "member", "right", at=0.0)
    assert users.begin(name, password, at=0.0) is None


def test_a_new_password_ends_every_session(users: Users) -> None:
    users.put("home", "member", "old", at=0.0)
    token = users.begin("home", "old", at=0.0)
    assert token
    users.put("home", "member", "new", at=1.0)
    assert users.holder(token, at=2.0, lasting=MONTH) is None
    assert users.begin("home", "old", at=2.0) is None
    assert users.begin("home", "new", at=2.0)


def test_a_session_ends_when_it_is_not_used(users: Users) -> None:
    users.put("home", "member", "right", at=0.0)
    token = users.begin("home", "right", at=0.0)
    assert token
    assert users.holder(token, at=MONTH - 1, lasting=MONTH)
    assert users.holder(token, at=2 * MONTH - 2, lasting=MONTH), "it was used in between"
    assert users.holder(token, at=4 * MONTH, lasting=MONTH) is None


def test_logging_out_ends_the_session(users: Users) -> None:
    users.put("home", "member", "right", at=0.0)
    token = users.begin("home", "right", at=0.0)
    assert token
    users.end(token)
    assert users.holder(token, at=1.0, lasting=MONTH) is None


def test_the_file_holds_neither_password_nor_token(tmp_path: Path) -> None:
    password = set_password(tmp_path)
    users = Users(tmp_path / FILE)
    token = users.begin("home", password, at=0.0)
    assert token
    kept = "\n".join(sqlite3.connect(tmp_path / FILE).iterdump())
    assert password not in kept
    assert token not in kept
    assert "$argon2id$" in kept


def test_the_session_key_stays_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "dapp.secret"
    key = session_key(path)
    assert session_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_session_key_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "dapp.secret"
    path.write_bytes(b"to")
    assert len(session_key(path)) == 32
