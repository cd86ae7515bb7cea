"""Tokens that will run out are told days ahead; where little is known, nothing is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from node.statement.forecast import DAY, RunsOut, Usage, next_top_up, runs_out, sentence, usage
from node.statement.rows import rows
from quantities import Tokens
from tests.unit.node.statement.made_up import ALDER, BIRCH, KWH, TOKEN, Ledger

NOW = 1_764_000_000
"""24 November 2025, 16:00 UTC."""

MONTHLY = tuple(NOW - n * 30 * DAY for n in (3, 2, 1))
USED = Usage(balance=Tokens(500), spent=Tokens(700), over=7 * DAY, top_ups=MONTHLY)
"""A hundred a day; the next top-up is due now plus 30 days."""


def test_five_days_of_tokens_and_thirty_to_the_next_top_up() -> None:
    found = runs_out(replace(USED, top_ups=tuple(at + 10 * DAY for at in MONTHLY)), NOW)
    assert found == RunsOut(at=NOW + 5 * DAY, top_up=NOW + 10 * DAY)
    assert sentence(found, UTC) == (
        "the tokens will run out on 29 November, before the usual top-up on 4 December"
    )


def test_tokens_that_last_until_the_next_top_up_are_no_matter() -> None:
    assert runs_out(replace(USED, balance=Tokens(3_100)), NOW) is None


def test_without_a_rhythm_two_weeks_are_told() -> None:
    once = replace(USED, top_ups=MONTHLY[:1])
    assert runs_out(once, NOW) == RunsOut(at=NOW + 5 * DAY, top_up=None)
    assert sentence(RunsOut(at=NOW + 5 * DAY, top_up=None), UTC) == ("the tokens will run out on 29 November")
    assert runs_out(replace(once, balance=Tokens(1_500)), NOW) is None


def test_an_empty_purse_runs_out_now() -> None:
    assert runs_out(replace(USED, balance=Tokens(0)), NOW) == RunsOut(at=NOW, top_up=NOW + 30 * DAY)


def test_who_earns_more_than_he_spends_is_never_warned() -> None:
    for spent in (0, -50):
        assert runs_out(replace(USED, spent=Tokens(spent), balance=Tokens(0)), NOW) is None


def test_a_day_of_usage_says_too_little() -> None:
    assert runs_out(replace(USED, over=DAY), NOW) is None


def test_top_ups_on_one_day_are_one() -> None:
    assert next_top_up([NOW - 30 * DAY, NOW - 60, NOW], NOW) == NOW + 30 * DAY
    assert next_top_up([NOW - 60, NOW], NOW) is None


def test_a_top_up_that_is_late_is_not_relied_on() -> None:
    assert next_top_up([NOW - 70 * DAY, NOW - 40 * DAY], NOW) == NOW + 20 * DAY


def test_usage_is_what_trades_cost_less_what_they_earned() -> None:
    ledger = Ledger(now=NOW - 40 * DAY)
    ledger.mint(BIRCH, 1_000)
    ledger.redeem(ledger.order(BIRCH, ALDER, KWH, 400), KWH)  # six weeks ago
    ledger.now = NOW - 10 * DAY
    ledger.redeem(ledger.order(BIRCH, ALDER, KWH, 300), KWH // 2)
    ledger.redeem(ledger.order(ALDER, BIRCH, KWH, 40), KWH)
    ledger.send(BIRCH, ALDER, 7)  # a present is no usage
    ledger.order(BIRCH, ALDER, KWH, 90)  # set aside is not spent
    seen = usage(rows(ledger.events, BIRCH, TOKEN), Tokens(500), NOW)
    assert seen == Usage(
        balance=Tokens(500), spent=Tokens(110), over=28 * DAY, top_ups=(NOW - 40 * DAY + 3_600,)
    )


@given(
    st.integers(0, 10**24), st.integers(-(10**24), 10**24), st.integers(0, 28 * DAY),
    st.lists(st.integers(0, NOW), max_size=8),
)  # fmt: skip
def test_what_is_told_lies_between_now_and_the_top_up(
    balance: int, spent: int, over: int, top_ups: list[int]
) -> None:
    seen = Usage(balance=Tokens(balance), spent=Tokens(spent), over=over, top_ups=tuple(sorted(top_ups)))
    found = runs_out(seen, NOW)
    if found is not None:
        assert found.at >= NOW
        assert found.top_up is None or found.at < found.top_up
        assert found.top_up is None or found.top_up > NOW
