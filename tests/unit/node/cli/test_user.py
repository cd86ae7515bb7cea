"""`commonwatt user` against a household's folder."""

import json
import sqlite3
from pathlib import Path

import pytest

from node.cli import run
from node.dapp.permission import Role
from node.dapp.users import FILE, Users


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "household.yml"
    path.write_text(
        "household: {name: birch, role: consumer}\npaths: {run: run, state: state}\n"
        "account: {keystore: key.json, password_file: key.password}\n"
        "chain: {rpc: 'http://127.0.0.1:8545', genesis: genesis.json, manifest: manifest.json}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("COMMONWATT_CONFIG", str(path))
    assert run(["user", "add", "ada", "--role", "operator"]) == 0
    return path


def users(configuration: Path) -> Users:
    return Users(configuration.parent / "state" / FILE)


def test_who_is_added_gets_a_password_that_opens(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["user", "add", "bob", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["role"] == "member"
    token = users(configuration).begin("bob", facts["password"], at=0.0)
    assert token


def test_a_name_twice_is_refused(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "add", "ada"]) != 0
    assert "commonwatt user reset ada" in capsys.readouterr().err


def test_a_name_that_is_none_is_refused(configuration: Path) -> None:
    assert run(["user", "add", "Ada Lovelace"]) == 64


def test_another_role_ends_the_session(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["user", "add", "bob", "--json"]) == 0
    password = json.loads(capsys.readouterr().out)["password"]
    token = users(configuration).begin("bob", password, at=0.0)
    assert token
    assert run(["user", "role", "bob", "viewer"]) == 0
    assert users(configuration).holder(token, at=1.0, lasting=10.0) is None
    assert next(u.role for u in users(configuration).all() if u.name == "bob") == "viewer"


def test_a_reset_makes_a_new_password_and_keeps_the_role(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["user", "reset", "ada", "--second-factor", "--json"]) == 0
    password = json.loads(capsys.readouterr().out)["password"]
    there = users(configuration)
    assert there.check("ada", password)
    assert [u.role for u in there.all()] == [Role.OPERATOR]


def test_the_last_operator_stays(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "remove", "ada"]) != 0
    assert run(["user", "role", "ada", "viewer"]) != 0
    assert "only operator" in capsys.readouterr().err
    assert run(["user", "add", "bob", "--role", "operator"]) == 0
    assert run(["user", "remove", "ada"]) == 0


def test_nobody_is_changed_who_is_not_there(configuration: Path) -> None:
    for command in (["reset", "eve"], ["remove", "eve"], ["role", "eve", "viewer"]):
        assert run(["user", *command]) not in (0, None)


def test_the_list_says_what_there_is(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["user", "list"]) == 0
    assert capsys.readouterr().out.startswith("ada: operator; no second factor; password of ")


def test_every_change_is_recorded_and_the_record_is_not_changed(configuration: Path) -> None:
    assert run(["user", "add", "bob"]) == 0
    assert run(["user", "role", "bob", "viewer"]) == 0
    assert run(["user", "reset", "bob"]) == 0
    assert run(["user", "remove", "bob"]) == 0
    found = users(configuration).audit(10)
    whats = ["removed", "new password", "viewer instead of member", "added as member", "added as operator"]
    assert [entry.what for entry in found] == whats
    assert all(entry.by.endswith("(shell)") and entry.at > 0 for entry in found)
    file = sqlite3.connect(configuration.parent / "state" / FILE)
    for statement in ("DELETE FROM audit", "UPDATE audit SET by = 'nobody'"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            file.execute(statement)
