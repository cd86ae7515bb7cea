from hypothesis import given
from hypothesis import strategies as st

from node.dapp.tries import ALLOWED, REMEMBERED, WINDOW, Tries

HERE, THERE = "10.0.0.7", "10.0.0.8"


def after(wrong: int, tries: Tries | None = None, account: str = "home", address: str = HERE) -> Tries:
    tries = tries or Tries()
    for second in range(wrong):
        tries.failed(account, address, float(second))
    return tries


def test_four_wrong_tries_are_forgiven() -> None:
    assert after(4).wait("home", HERE, 4.0) == 0


def test_the_sixth_try_has_to_wait_until_the_first_is_five_minutes_old() -> None:
    assert after(5).wait("home", HERE, 10.0) == WINDOW - 10.0
    assert after(5).wait("home", HERE, WINDOW) == 0


def test_an_account_is_guarded_from_every_address() -> None:
    assert after(5).wait("home", THERE, 5.0) > 0


def test_an_address_cannot_go_through_accounts() -> None:
    assert after(5).wait("other", HERE, 5.0) > 0


def test_another_account_from_another_address_may_try() -> None:
    assert after(5).wait("other", THERE, 5.0) == 0


def test_who_gets_in_starts_anew() -> None:
    tries = after(4)
    tries.succeeded("home", HERE)
    assert after(4, tries).wait("home", HERE, 4.0) == 0


def test_a_flood_of_names_fills_no_memory() -> None:
    tries = Tries()
    for number in range(2 * REMEMBERED):
        tries.failed(f"name {number}", f"10.{number}", 0.0)
    assert len(tries._times) == REMEMBERED


@given(st.lists(st.floats(0, 1_000), max_size=40))
def test_no_five_minutes_hold_more_than_five_wrong_tries(moments: list[float]) -> None:
    tries, made = Tries(), list[float]()
    for now in sorted(moments):
        if tries.wait("home", HERE, now) == 0:
            tries.failed("home", HERE, now)
            made.append(now)
    assert all(sum(start <= at < start + WINDOW for at in made) <= ALLOWED for start in made)
