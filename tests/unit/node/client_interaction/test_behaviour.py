"""What a seller did so far: its score, how long it is left alone, who is chosen, what is kept on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.client_interaction import deeds as deeds_
from node.client_interaction.amount import Purse
from node.client_interaction.back_off import FAILURES, left_alone, length
from node.client_interaction.behaviour import Conduct, Deed, score
from node.client_interaction.choice import Chosen, NoSeller, Terms, choose
from node.client_interaction.deeds import REMEMBERED, Deeds
from node.client_interaction.situation import Seller
from node.wallet.database import Database
from quantities import Price, Share, SoC, Tokens
from tests.unit.node.client_interaction.made import ALDER, CEDAR, POLICY, WALL, deed, offer, policy, seller

DAY = 86_400.0
WEEK = 7 * DAY
RICH = Purse(balance=Tokens.parse(100), budget=Tokens.parse(100))


# --- the score ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "percent"),
    [
        ((), 100),
        ((Conduct.SUPPLIED,) * 5, 100),
        ((Conduct.REFUSED,), 75),
        ((Conduct.DROPPED,), 60),
        ((Conduct.SUPPLIED, Conduct.SUPPLIED, Conduct.DROPPED), 71.43),
        ((Conduct.DROPPED,) * 5, 23.08),
        ((Conduct.REVERTED, Conduct.CURTAILED, Conduct.LINE), 100),
    ],
)
def test_a_score_weighs_good_against_bad(done: tuple[Conduct, ...], percent: float) -> None:
    assert score([deed(what) for what in done], WALL, WEEK) == Share(round(percent * 100))


def test_a_deed_loses_half_its_weight_in_a_week() -> None:
    assert score([deed(Conduct.DROPPED, ago=WEEK)], WALL, WEEK) == score([deed(Conduct.REFUSED)], WALL, WEEK)


DEEDS = st.lists(st.tuples(st.sampled_from(Conduct), st.floats(-7_200, 90 * DAY)), max_size=30)


@settings(deadline=None)
@given(DEEDS)
def test_a_score_is_a_share_whatever_the_clock_did_and_a_good_deed_never_lowers_it(
    done: list[tuple[Conduct, float]],
) -> None:
    so_far = [deed(what, ago) for what, ago in done]
    before = score(so_far, WALL, WEEK)
    assert Share(0) < before <= Share(10_000)
    assert score([*so_far, deed(Conduct.SUPPLIED)], WALL, WEEK) >= before
    assert score([*so_far, deed(Conduct.REFUSED)], WALL, WEEK) <= before


# --- left alone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (1, 30), (2, 60), (3, 120), (7, 1_800), (99, 1_800)]
)
def test_a_back_off_doubles_up_to_the_longest(failures: int, seconds: float) -> None:
    assert length(failures, 30, 1_800) == seconds


@pytest.mark.parametrize(
    ("done", "ago", "alone"),
    [
        ((Conduct.DROPPED,), 29, True),
        ((Conduct.DROPPED,), 30, False),
        ((Conduct.DROPPED, Conduct.DROPPED), 59, True),
        ((Conduct.DROPPED, Conduct.SUPPLIED, Conduct.DROPPED), 31, False),
        ((Conduct.DROPPED, Conduct.LATE, Conduct.DROPPED), 31, True),
        ((Conduct.CURTAILED, Conduct.SUPPLIED), 29, True),
        ((Conduct.CURTAILED, Conduct.SUPPLIED), 30, False),
        ((Conduct.REVERTED,), 29, True),
        ((Conduct.SUPPLIED,), 0, False),
        ((Conduct.LATE,), 0, False),
        ((Conduct.DROPPED,), -1, False),
    ],
)
def test_a_seller_is_left_alone_after_failures_in_a_row(
    done: tuple[Conduct, ...], ago: float, alone: bool
) -> None:
    found = left_alone([deed(what, ago) for what in done], WALL, 30, 1_800)
    assert (found is not None) is alone


@settings(deadline=None)
@given(DEEDS, st.floats(0, 4 * DAY))
def test_nobody_is_left_alone_for_longer_than_the_longest(
    done: list[tuple[Conduct, float]], longest: float
) -> None:
    found = left_alone([deed(what, ago) for what, ago in done], WALL, 30, longest)
    assert found is None or (found.what in FAILURES and 0 <= WALL - found.at < longest)


# --- the choice ---------------------------------------------------------------------------------------------


def at(name: str, price: str, *done: Deed) -> Seller:
    account = {"alder": ALDER, "cedar": CEDAR}.get(name, "0x" + "e" * 40)
    return seller(name, account=account, offer=offer(seller=account, price=Price.parse(price)), deeds=done)


def chosen(*sellers: Seller, **changes: object) -> str:
    terms = Terms(soc=SoC(1_900), head=100, purse=RICH, wall=WALL)
    found = choose(sellers, terms, policy(**changes) if changes else POLICY)
    assert isinstance(found, Chosen), found
    return found.seller.name


OFTEN_BAD = tuple(deed(Conduct.DROPPED, ago=DAY) for _ in range(7))


@pytest.mark.parametrize(
    ("alder", "cedar", "expected"),
    [
        (at("alder", "0.25"), at("cedar", "0.24"), "cedar"),
        (at("alder", "0.25"), at("cedar", "0.25"), "alder"),
        (at("alder", "0.25"), at("cedar", "0.24", deed(Conduct.DROPPED, ago=DAY)), "alder"),
        (at("alder", "0.26"), at("cedar", "0.24", deed(Conduct.DROPPED, ago=DAY)), "cedar"),
        (at("alder", "0.252"), at("cedar", "0.24", deed(Conduct.DROPPED, ago=DAY)), "alder"),
        (at("alder", "0.25"), at("cedar", "0.24", deed(Conduct.DROPPED, ago=9 * WEEK)), "cedar"),
        (at("alder", "0.39"), at("cedar", "0.10", *OFTEN_BAD), "alder"),
        (at("alder", "0.41"), at("cedar", "0.10", *OFTEN_BAD), "cedar"),
    ],
)
def test_the_price_decides_first_and_behaviour_between_nearly_the_same_prices(
    alder: Seller, cedar: Seller, expected: str
) -> None:
    assert chosen(alder, cedar) == expected


def test_a_seller_that_let_us_down_too_often_is_left_alone_for_the_longest_time() -> None:
    bad = at("cedar", "0.10", *OFTEN_BAD[:6], deed(Conduct.DROPPED, ago=1_700, why="it went silent"))
    terms = Terms(soc=SoC(1_900), head=100, purse=RICH, wall=WALL)
    once_more = policy(back_off="1 s")
    assert choose((bad,), terms, once_more) == NoSeller(why=("Cedar: it went silent",))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8), st.booleans()), min_size=1, max_size=6))
def test_a_choice_is_never_above_the_maximum_nor_more_than_the_tolerance_above_the_cheapest_good_one(
    offers: list[tuple[int, int, bool]],
) -> None:
    sellers = tuple(
        at(f"s{number}", f"{price / 100}", *(deed(Conduct.REFUSED, ago=DAY) for _ in range(bad)))
        if there
        else seller(f"s{number}", offer=None)
        for number, (price, bad, there) in enumerate(offers)
    )
    found = choose(sellers, Terms(soc=SoC(1_900), head=100, purse=RICH, wall=WALL), POLICY)
    able = [price for price, _, there in offers if there and price <= 40]
    assert isinstance(found, Chosen) is bool(able)
    if isinstance(found, Chosen):
        assert found.price <= POLICY.trading.max_price
        good = [price for price, bad, there in offers if there and price <= 40 and bad <= 8]
        assert found.price.value * 100 <= min(good) * 10**16 * 105


# --- on disk ------------------------------------------------------------------------------------------------


def test_deeds_outlive_a_restart_in_their_order(tmp_path: Path) -> None:
    database = Database(tmp_path / "trade.db", (deeds_.TABLES,))
    before = Deeds(database)
    for number in range(REMEMBERED + 5):
        before.record(deed(Conduct.SUPPLIED if number % 2 else Conduct.DROPPED, ago=number))
    before.record(deed(Conduct.LATE, account=CEDAR))
    database.close()
    after = Deeds(Database(tmp_path / "trade.db", (deeds_.TABLES,)))
    assert after.of(ALDER) == before.of(ALDER)
    assert len(after.of(ALDER)) == REMEMBERED
    assert [kept.what for kept in after.of(CEDAR.upper().replace("X", "x"))] == [Conduct.LATE]
    assert after.of("0x" + "e" * 40) == ()
