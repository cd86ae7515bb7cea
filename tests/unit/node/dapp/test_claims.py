"""Who makes the first password: whoever has the box's code, once, in time, in few tries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.dapp.claims import LASTS, TRIES, Claims, read_code
from node.dapp.errors import ClaimRefused
from node.dapp.users import FILE, Users
from node.first_run.steps import Step

NOW = 1_800_000_000.0
PASSWORD = "four words that nobody guesses"


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[Claims]:
    made = Claims(tmp_path)
    yield made
    made.close()


def users(folder: Path) -> list[tuple[str, str]]:
    opened = Users(folder / FILE)
    try:
        return [(each.name, each.role) for each in opened.all()]
    finally:
        opened.close()


def test_whoever_has_the_code_becomes_the_operator(claims: Claims, tmp_path: Path) -> None:
    claims.claim(claims.make_code(NOW, "root"), "ada", PASSWORD, NOW)
    assert users(tmp_path) == [("ada", "operator")]
    opened = Users(tmp_path / FILE)
    assert opened.begin("ada", PASSWORD, NOW)
    assert [(e.by, e.what) for e in opened.audit(10)] == [
        ("the setup code", "claimed this household"),
        ("root", "made a setup code"),
    ]
    opened.close()


def test_without_a_code_nobody_does(claims: Claims, tmp_path: Path) -> None:
    with pytest.raises(ClaimRefused, match="commonwatt user setup-code"):
        claims.claim("abcd-efgh-jkmn", "eve", PASSWORD, NOW)
    assert users(tmp_path) == []


def test_a_code_is_typed_as_people_do(claims: Claims) -> None:
    code = claims.make_code(NOW, "root")
    assert read_code(f" {code.upper().replace('-', '  ')} ") == code
    claims.claim(code.upper().replace("-", ""), "ada", PASSWORD, NOW)
    assert claims.claimed


def test_after_five_wrong_tries_even_the_right_code_is_void(claims: Claims, tmp_path: Path) -> None:
    code = claims.make_code(NOW, "root")
    for left in range(TRIES - 1, 0, -1):
        with pytest.raises(ClaimRefused, match=f"{left} tries are left|One try is left"):
            claims.claim("abcd-efgh-jkmn", "eve", PASSWORD, NOW)
    for given in ("abcd-efgh-jkmn", code):
        with pytest.raises(ClaimRefused, match="used up"):
            claims.claim(given, "eve", PASSWORD, NOW)
    claims.claim(claims.make_code(NOW, "root"), "ada", PASSWORD, NOW)
    assert users(tmp_path) == [("ada", "operator")]


@pytest.mark.parametrize("age", [LASTS, 3 * LASTS, -60.0])
def test_an_old_code_is_void_and_one_from_the_future(claims: Claims, age: float) -> None:
    code = claims.make_code(NOW, "root")
    with pytest.raises(ClaimRefused, match="too old"):
        claims.claim(code, "ada", PASSWORD, NOW + age)


def test_a_new_code_makes_the_one_before_void(claims: Claims) -> None:
    before, code = claims.make_code(NOW, "root"), claims.make_code(NOW, "root")
    with pytest.raises(ClaimRefused):
        claims.claim(before, "eve", PASSWORD, NOW)
    claims.claim(code, "ada", PASSWORD, NOW)


def test_a_household_is_claimed_once(claims: Claims, tmp_path: Path) -> None:
    code = claims.make_code(NOW, "root")
    claims.claim(code, "ada", PASSWORD, NOW)
    with pytest.raises(ClaimRefused, match="first password already"):
        claims.claim(code, "eve", PASSWORD, NOW)
    with pytest.raises(ClaimRefused, match="first password already"):
        claims.make_code(NOW, "root")
    assert users(tmp_path) == [("ada", "operator")]


def test_of_two_at_the_same_moment_one_has_it(claims: Claims, tmp_path: Path) -> None:
    code = claims.make_code(NOW, "root")
    together, refused = threading.Barrier(2), []

    def claim(name: str) -> None:
        together.wait()
        try:
            claims.claim(code, name, PASSWORD, NOW)
        except ClaimRefused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("ada", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(users(tmp_path)) == 1


def test_the_file_does_not_hold_the_code(claims: Claims, tmp_path: Path) -> None:
    code = claims.make_code(NOW, "root")
    claims.close()
    for file in tmp_path.iterdir():
        assert code.encode() not in file.read_bytes()
        assert code.replace("-", "").encode() not in file.read_bytes()


def test_what_was_ticked_off_stays_so(claims: Claims, tmp_path: Path) -> None:
    for _ in range(2):
        claims.tick(Step.SENSORS, NOW, "ada")
    again = Claims(tmp_path)
    assert again.ticked() == {Step.SENSORS}
    again.close()
    opened = Users(tmp_path / FILE)
    assert [e.what for e in opened.audit(10)] == ["done: sensors"]
    opened.close()
