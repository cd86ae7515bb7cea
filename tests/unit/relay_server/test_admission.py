from __future__ import annotations

from relay_server.admission import Full, Guest, Welcome, admit

NOW = 100.0


def guest(key: int, address: str = "10.0.0.9", account: str | None = None, since: float = 0.0) -> Guest:
    return Guest(key=key, address=address, account=account, since=since, heard=since + key)


def test_a_newcomer_is_welcome_while_there_is_room() -> None:
    assert admit([guest(1)], "10.0.0.2", 64, 4, NOW, at_home=False) == Welcome()


def test_the_fifth_of_an_address_takes_the_place_of_its_most_silent() -> None:
    four = [guest(key) for key in (3, 1, 2, 4)]
    assert admit(four, "10.0.0.9", 64, 4, NOW, at_home=False) == Welcome(instead=1)


def test_who_has_just_come_is_given_time_to_prove_itself() -> None:
    four = [guest(key, since=NOW - 0.5) for key in range(4)]
    assert isinstance(admit(four, "10.0.0.9", 64, 4, NOW, at_home=False), Full)


def test_proven_connections_do_not_count_against_their_address() -> None:
    household = [guest(key, account="0xB0") for key in range(4)]
    assert admit(household, "10.0.0.9", 64, 4, NOW, at_home=False) == Welcome()


def test_a_proven_connection_is_never_pushed_out() -> None:
    full = [guest(1, account="0xB0"), *(guest(key, f"10.0.1.{key}") for key in range(2, 64))]
    assert admit(full, "10.0.0.2", 64, 4, NOW, at_home=False) == Welcome(instead=2)
    proven = [guest(key, f"10.0.1.{key}", account=f"0x{key}") for key in range(64)]
    assert isinstance(admit(proven, "10.0.0.2", 64, 4, NOW, at_home=False), Full)


def test_one_slot_is_left_when_everybody_else_is_too_fresh_to_push_out() -> None:
    crowd = [guest(key, f"10.0.1.{key}", since=NOW) for key in range(63)]
    assert isinstance(admit(crowd, "10.0.0.2", 64, 4, NOW, at_home=False), Full)


def test_who_holds_a_lease_cannot_lock_others_out_with_proven_connections() -> None:
    greedy = [guest(key, "10.0.0.9", account="0xB0") for key in range(64)]
    assert admit(greedy, "10.0.0.2", 64, 4, NOW, at_home=False) == Welcome(instead=0)


def test_a_paying_household_that_comes_back_is_let_in_whatever_crowd_is_there() -> None:
    crowd = [guest(key, f"10.0.1.{key}", since=NOW - 0.1) for key in range(63)]
    assert isinstance(admit(crowd, "10.0.0.2", 64, 4, NOW, at_home=False), Full)
    assert admit(crowd, "10.0.0.2", 64, 4, NOW, at_home=True) == Welcome(instead=0)


def test_the_last_slot_is_for_a_newcomer_who_pushes_nobody_out() -> None:
    proven = [guest(key, f"10.0.1.{key}", account=f"0x{key}") for key in range(63)]
    assert admit(proven, "10.0.0.2", 64, 4, NOW, at_home=False) == Welcome()
