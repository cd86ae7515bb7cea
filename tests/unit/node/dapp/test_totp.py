import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.dapp import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(at: int, expected: str) -> None:
    """RFC 6238, appendix B."""
    assert totp.code(SECRET, at // totp.STEP, digits=8) == expected


def test_a_code_is_taken_a_step_early_or_late_and_not_further() -> None:
    now = 1_000_000_000.0
    step = int(now) // totp.STEP
    taken = [d for d in range(-4, 5) if totp.accepted(SECRET, totp.code(SECRET, step + d), now, used=0)]
    assert taken == [-1, 0, 1]


def test_a_code_may_be_typed_with_a_space() -> None:
    now = 1_000_000_000.0
    code = totp.code(SECRET, int(now) // totp.STEP)
    assert totp.accepted(SECRET, f"{code[:3]} {code[3:]} ", now, used=0)


@given(at=st.integers(10_000, 2**33), typed=st.text(max_size=12))
def test_whatever_is_typed_is_answered(at: int, typed: str) -> None:
    step = totp.accepted(SECRET, typed, float(at), used=0)
    assert step is None or totp.code(SECRET, step) == "".join(typed.split())


@given(at=st.integers(10_000, 2**33), drift=st.integers(-1, 1), later=st.integers(0, 90))
def test_a_code_that_was_used_is_never_taken_again(at: int, drift: int, later: int) -> None:
    code = totp.code(SECRET, at // totp.STEP + drift)
    used = totp.accepted(SECRET, code, at, used=0)
    assert used is not None
    again = totp.accepted(SECRET, code, at + later, used=used)
    assert again is None or (again > used and totp.code(SECRET, again) == code)


def test_an_app_is_told_whose_code_it_is() -> None:
    assert totp.uri(SECRET, "Birch", "home") == (
        "otpauth://totp/Commonwatt%20Birch%3Ahome?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Commonwatt%20Birch"
    )
