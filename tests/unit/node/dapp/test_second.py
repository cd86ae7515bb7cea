import sqlite3
from pathlib import Path

import pytest

from node.dapp import totp
from node.dapp.permission import Role
from node.dapp.second import SecondFactors
from node.dapp.users import FILE, Users

NOW = 1_700_000_000.0
KEY = b"k" * 32


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / FILE)
    users.add("ada", Role.MEMBER, "right", NOW, "root (shell)")
    return users


@pytest.fixture
def seconds(users: Users, tmp_path: Path) -> SecondFactors:
    return SecondFactors(tmp_path / FILE, KEY)


def set_up(seconds: SecondFactors, at: float = NOW) -> tuple[bytes, list[str]]:
    seconds.begin("ada")
    secret = seconds.secret("ada")
    assert secret
    codes = seconds.confirm("ada", totp.code(secret, int(at) // totp.STEP), at)
    assert codes
    return secret, codes


def test_nothing_is_in_force_before_the_app_gave_a_code(seconds: SecondFactors) -> None:
    seconds.begin("ada")
    assert not seconds.has("ada")
    assert seconds.confirm("ada", "000000", NOW) is None
    assert not seconds.has("ada")


def test_the_secret_is_not_shown_once_it_is_in_force(seconds: SecondFactors) -> None:
    set_up(seconds)
    assert seconds.has("ada")
    assert seconds.secret("ada") is None
    seconds.begin("ada")
    assert seconds.secret("ada") is None
    assert seconds.has("ada")


def test_the_code_that_set_it_up_is_used_up(seconds: SecondFactors) -> None:
    secret, _ = set_up(seconds)
    assert not seconds.check("ada", totp.code(secret, int(NOW) // totp.STEP), NOW)
    later = NOW + 2 * totp.STEP
    code = totp.code(secret, int(later) // totp.STEP)
    assert seconds.check("ada", code, later)
    assert not seconds.check("ada", code, later + 1)


def test_each_recovery_code_opens_once(seconds: SecondFactors, users: Users) -> None:
    _, codes = set_up(seconds)
    assert len(set(codes)) == 10
    assert seconds.check("ada", f" {codes[3].upper()}", NOW)
    assert not seconds.check("ada", codes[3], NOW)
    assert seconds.left("ada") == 9
    assert users.audit(1)[0].what == "used a recovery code; 9 are left"


def test_a_code_of_somebody_else_is_none(seconds: SecondFactors, users: Users) -> None:
    _, codes = set_up(seconds)
    users.add("bob", Role.MEMBER, "right", NOW, "root (shell)")
    assert not seconds.check("bob", codes[0], NOW)


def test_a_copy_of_the_database_makes_no_codes(seconds: SecondFactors, tmp_path: Path) -> None:
    secret, codes = set_up(seconds)
    kept = "\n".join(sqlite3.connect(tmp_path / FILE).iterdump())
    assert secret.hex().upper() not in kept.upper()
    assert not any(code in kept for code in codes)
    stolen = SecondFactors(tmp_path / FILE, b"another key" * 3)
    assert not stolen.check("ada", totp.code(secret, int(NOW) // totp.STEP + 1), NOW)


def test_a_removed_factor_asks_for_nothing_and_takes_its_codes_along(seconds: SecondFactors) -> None:
    _, codes = set_up(seconds)
    assert seconds.remove("ada", NOW, "root (shell)")
    assert not seconds.has("ada")
    assert not seconds.check("ada", codes[0], NOW)
    assert not seconds.remove("ada", NOW, "root (shell)")


def test_a_removed_users_factor_is_not_the_next_ones(seconds: SecondFactors, users: Users) -> None:
    users.add("bob", Role.OPERATOR, "right", NOW, "root (shell)")
    set_up(seconds)
    users.remove("ada", NOW, "bob")
    users.add("ada", Role.MEMBER, "right", NOW, "bob")
    assert not seconds.has("ada")
