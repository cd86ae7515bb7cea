"""The backup's page: who may, what is told, and a tar file that is one."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from flask import Flask

from node.dapp import backups
from node.dapp.backups import Backups, Busy, entry
from node.dapp.users import FILE, Users
from store import manifest
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import ORIGIN, Visitor


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return made_up.household(tmp_path).state


def taken(state: Path) -> dict[str, bytes]:
    """A finished backup of two small files."""
    content = {"trade.db": b"t" * 700, "dapp.db": b"d" * 1_024}
    folder = state / backups.FOLDER
    manifest.begin(folder)
    for name, each in content.items():
        (folder / name).write_bytes(each)
    manifest.seal(folder, content, {"household": "birch", "taken": 1_796_013_572})
    return content


def send(visitor: Visitor, path: str) -> tuple[int, bytes]:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/account/"))
    assert found
    answer = visitor.client.post(path, base_url=ORIGIN, data={"csrf": found[1]})
    return answer.status_code, answer.data


def test_what_there_is_is_told(member: Visitor, state: Path) -> None:
    assert "There is none yet" in member.get("/backup/")
    taken(state)
    text = member.get("/backup/")
    assert "trade.db" in text
    assert "Bring it up to date" in text


def test_it_is_handed_out_whole_and_that_is_recorded(member: Visitor, state: Path) -> None:
    content = taken(state)
    status, got = send(member, "/backup/download")
    assert status == 200
    with tarfile.open(fileobj=io.BytesIO(got)) as archive:
        found = {each.name: archive.extractfile(each) for each in archive.getmembers()}
        read = {name: file.read() for name, file in found.items() if file is not None}
    assert {name: read[name] for name in content} == content
    assert set(read) == {*content, "manifest.json"}
    assert "downloaded the backup" in member.get("/account/audit")
    assert send(member, "/backup/download")[0] == 200


def test_nothing_is_handed_out_while_there_is_nothing(member: Visitor) -> None:
    status, text = send(member, "/backup/download")
    assert status == 409
    assert b"take one first" in text


def test_none_is_taken_while_one_is_handed_out_nor_without_room(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.mkdir(exist_ok=True)
    taken(state)
    here = Backups(state, [])
    sending = here.tar()
    next(sending)
    with pytest.raises(Busy, match="being downloaded"):
        here.begin()
    sending.close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 20}))
    with pytest.raises(Busy, match="no room"):
        here.begin()


def test_a_file_that_shrinks_breaks_the_download_instead_of_shifting_it(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(b"x" * 1_000_000)
    sending = entry(file)
    next(sending)
    file.write_bytes(b"")
    with pytest.raises(OSError, match="became shorter"):
        list(sending)


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_take_no_backup(stranger: Visitor, app: Flask, state: Path, role: str) -> None:
    users = Users(state / FILE)
    users.put("guest", role, "a password", at=1.0)
    users.close()
    stranger.log_in("a password", "guest")
    taken(state)
    assert stranger.code("/backup/") == 403
    assert send(stranger, "/backup/")[0] == 403
    assert send(stranger, "/backup/download")[0] == 403
