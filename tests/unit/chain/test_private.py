"""A secret is read only where nobody else can read it, or put another in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chain import private
from chain.errors import KeyRefused
from chain.private import LARGEST, place, read_private, write_private


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    path = folder / "key"
    write_private(path, b"a secret")
    return path


def test_what_is_ours_alone_is_read(secret: Path) -> None:
    assert read_private(secret) == b"a secret"


@pytest.mark.parametrize("mode", [0o777, 0o702, 0o772, 0o722])
def test_a_folder_that_others_can_write_is_refused(secret: Path, mode: int) -> None:
    secret.parent.chmod(mode)
    with pytest.raises(KeyRefused, match=f"exchanged by others.* chmod go-w {secret.parent}"):
        read_private(secret)


def test_a_folder_further_up_counts_as_well(secret: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(KeyRefused, match=f"chmod go-w {tmp_path}$"):
        read_private(secret)


def test_in_a_sticky_folder_nobody_can_exchange_anothers_file(secret: Path) -> None:
    secret.parent.chmod(0o1777)
    assert read_private(secret) == b"a secret"


def test_a_folder_of_a_group_with_others_in_it_is_refused(secret: Path) -> None:
    os.chown(secret.parent, -1, 2**31 - 7) if os.geteuid() == 0 else None
    secret.parent.chmod(0o770)
    alone = private._alone(secret.parent.stat())
    if alone:
        assert read_private(secret) == b"a secret"
    else:
        with pytest.raises(KeyRefused, match="exchanged by others"):
            read_private(secret)


def test_a_link_is_not_followed(secret: Path) -> None:
    link = secret.with_name("link")
    link.symlink_to(secret)
    with pytest.raises(KeyRefused, match="is a symbolic link: name the file itself"):
        read_private(link)
    dangling = secret.with_name("dangling")
    dangling.symlink_to(secret.with_name("nothing"))
    with pytest.raises(KeyRefused, match="symbolic link"):
        read_private(dangling)


def test_the_real_folder_behind_a_link_counts(secret: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(secret.parent)
    assert read_private(tmp_path / "way" / "key") == b"a secret"
    secret.parent.chmod(0o777)
    with pytest.raises(KeyRefused, match="exchanged by others"):
        read_private(tmp_path / "way" / "key")


def test_what_is_no_file_is_refused_at_once(secret: Path) -> None:
    pipe = secret.with_name("pipe")
    os.mkfifo(pipe, 0o600)
    with pytest.raises(KeyRefused, match="is no file"):
        read_private(pipe)
    with pytest.raises(KeyRefused, match="Is a directory"):
        read_private(secret.parent)


def test_what_is_too_large_for_a_key_is_refused(secret: Path) -> None:
    secret.write_bytes(bytes(LARGEST + 1))
    with pytest.raises(KeyRefused, match="larger than any key"):
        read_private(secret)


def test_a_file_of_another_user_is_refused(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = os.geteuid() + 4_711 if os.geteuid() else 4_711
    monkeypatch.setattr(os, "geteuid", lambda: theirs)
    if secret.stat().st_uid == 0:
        read_as_roots = 0o640
        secret.chmod(read_as_roots)
        assert read_private(secret) == b"a secret", "root hands it over"
    else:
        with pytest.raises(KeyRefused, match="who can change it"):
            read_private(secret)


def test_a_credential_is_the_file_that_systemd_hands_over(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert place(Path("credential:key")) == secret
    assert read_private(Path("credential:key")) == b"a secret"


def test_a_credential_that_systemd_does_not_hand_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(KeyRefused, match=r"handed over by systemd only \(LoadCredential=key:FILE"):
        read_private(Path("credential:key"))


@pytest.mark.parametrize("name", ["", "..", "../key", "a/b"])
def test_a_credential_has_a_plain_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/nowhere")
    with pytest.raises(KeyRefused, match="without a folder"):
        place(Path(f"credential:{name}"))
