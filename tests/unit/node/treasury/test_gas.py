"""Who is given ether for fees, and how much of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chain.transactions import Fees
from node.treasury.gas import DAY, Account, Bounds, Gift, Portion, portions, settlements
from node.wallet.credit import ETHER, KEPT_SETTLEMENTS, short

NOW = 1_700_000_000
RICH = 1_000 * ETHER
BIRCH = Account(account="0xB", name="birch", balance=ETHER // 10, settlements=0)
CEDAR = Account(account="0xC", name="cedar", balance=ETHER // 20, settlements=0)


def wei(made: list[Portion]) -> dict[str, int]:
    return {each.account.name: each.wei for each in made}


def test_who_is_short_is_filled_up_and_who_is_not_gets_nothing() -> None:
    well = replace(CEDAR, balance=CEDAR.needs)
    [made] = portions([BIRCH, well], [], Bounds(), RICH, NOW)
    assert made == Portion(account=BIRCH, wei=ETHER - BIRCH.balance)
    assert made.enough


def test_who_can_buy_no_more_is_short_here_too() -> None:
    assert short(BIRCH.needs - 1)
    assert not short(BIRCH.needs)


def test_open_orders_need_more() -> None:
    orders = [("0xB", "0xC")] * 3 + [("0xD", "0xB")]
    assert [settlements(orders, account) for account in ("0xB", "0xC", "0xD", "0xE")] == [7, 3, 2, 0]
    busy = replace(BIRCH, settlements=2 * KEPT_SETTLEMENTS)
    assert busy.needs > BIRCH.needs + KEPT_SETTLEMENTS * 150_000 * Fees().maximum
    [made] = portions([replace(busy, balance=BIRCH.needs)], [], Bounds(), RICH, NOW)
    assert made.enough


def test_more_open_orders_than_it_is_filled_up_for_get_what_they_need() -> None:
    busy = replace(BIRCH, settlements=100)
    assert busy.needs > ETHER
    [made] = portions([busy], [], Bounds(household=10 * ETHER), RICH, NOW)
    assert busy.balance + made.wei == busy.needs


def test_a_day_s_gifts_count_whoever_asks_again() -> None:
    before = [Gift(account="0xB", wei=ETHER * 3 // 4, at=NOW - DAY + 1)]
    [made] = portions([BIRCH], before, Bounds(), RICH, NOW)
    assert made.wei == ETHER // 4
    assert made.bound == "the bound of one household in a day"
    assert made.enough, "a part is better than nothing"
    [made] = portions([BIRCH], [replace(before[0], at=NOW - DAY)], Bounds(), RICH, NOW)
    assert made.wei == ETHER - BIRCH.balance


def test_all_together_have_a_bound_and_who_lacks_most_comes_first() -> None:
    made = portions([BIRCH, CEDAR], [], Bounds(all=ETHER), RICH, NOW)
    assert wei(made) == {"cedar": ETHER - CEDAR.balance, "birch": CEDAR.balance}
    assert [each.bound for each in made] == ["", "the bound of all in a day"]
    assert not made[1].enough


def test_a_giver_that_has_nothing_gives_nothing() -> None:
    [made] = portions([BIRCH], [], Bounds(), -5, NOW)
    assert (made.wei, made.bound) == (0, "what the giving account has")


ACCOUNTS = st.builds(
    Account,
    account=st.sampled_from(["0xB", "0xC", "0xD"]),
    name=st.text(max_size=3),
    balance=st.integers(0, 2 * ETHER),
    settlements=st.integers(0, 50),
)
GIFTS = st.builds(
    Gift,
    account=st.sampled_from(["0xB", "0xC", "0xD"]),
    wei=st.integers(1, 3 * ETHER),
    at=st.integers(NOW - 2 * DAY, NOW),
)
BOUNDS = st.builds(
    Bounds, full=st.integers(0, 3 * ETHER), household=st.integers(0, 3 * ETHER), all=st.integers(0, 9 * ETHER)
)


@given(
    st.lists(ACCOUNTS, max_size=3, unique_by=lambda each: each.account),
    st.lists(GIFTS, max_size=6),
    BOUNDS,
    st.integers(-ETHER, 9 * ETHER),
)
def test_no_bound_is_ever_passed(
    accounts: list[Account], before: list[Gift], bounds: Bounds, purse: int
) -> None:
    made = portions(accounts, before, bounds, purse, NOW)
    lately = [gift for gift in before if NOW - gift.at < DAY]
    new = sum(each.wei for each in made)
    assert all(each.wei >= 0 for each in made)
    assert new <= max(purse, 0)
    assert not new or new + sum(gift.wei for gift in lately) <= bounds.all
    for each in made:
        own = sum(gift.wei for gift in lately if gift.account == each.account.account)
        assert not each.wei or own + each.wei <= bounds.household
        assert each.account.balance + each.wei <= max(bounds.full, each.account.needs)
