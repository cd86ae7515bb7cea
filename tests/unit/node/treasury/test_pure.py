"""What the treasurer's desk counts and compares, without chain and disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.statement.happened import NOBODY, Happened
from node.treasury.cap import Cap, refusal
from node.treasury.entries import TOKENS, Entry, Kind, balances, postings
from node.treasury.ledger import OPENING, Checked, check
from node.treasury.money import Money
from node.wallet.journal import Stage
from quantities import Tokens
from tests.unit.node.statement.made_up import ALDER, BANK, BIRCH, TOKEN

NAMES = {ALDER: "alder", BIRCH: "birch"}


# --- money ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor", "shown"),
    [
        ("25.00 EUR", 2_500, "25.00 EUR"),
        ("25 EUR", 2_500, "25.00 EUR"),
        ("1_000.5 CHF", 100_050, "1000.50 CHF"),
        ("300 JPY", 300, "300 JPY"),
        ("1.234 TND", 1_234, "1.234 TND"),
    ],
)
def test_money_is_read_to_the_smallest_coin(text: str, minor: int, shown: str) -> None:
    assert Money.parse(text).minor == minor
    assert str(Money.parse(text)) == shown


@pytest.mark.parametrize(
    "text", ["", "25", "EUR 25", "25 euro", "-1 EUR", "1.234 EUR", "1.5 JPY", "1e3 EUR", "nan EUR"]
)
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no money|decimals"):
        Money.parse(text)


# --- double entry ------------------------------------------------------------------------------

ENTRIES = st.builds(
    Entry,
    id=st.integers(1, 99),
    kind=st.sampled_from(Kind),
    at=st.just(0.0),
    account=st.just(BIRCH),
    name=st.just("birch"),
    tokens=st.integers(-(10**24), 10**24).map(Tokens),
    money=st.none() | st.builds(Money, st.integers(-(10**9), 10**9), st.sampled_from(["EUR", "CHF"])),
    stage=st.sampled_from(Stage),
)


@given(st.lists(ENTRIES))
def test_every_commodity_sums_to_zero_and_outstanding_tokens_are_what_was_made(entries: list[Entry]) -> None:
    sums: dict[str, int] = {}
    for (_, commodity), amount in balances(entries).items():
        sums[commodity] = sums.get(commodity, 0) + amount
    assert not any(sums.values())
    made = sum(entry.tokens.value for entry in entries if entry.stage is Stage.FINAL)
    assert balances(entries).get(("outstanding", TOKENS), 0) == -made


def test_what_is_under_way_or_failed_counts_nothing() -> None:
    for stage in set(Stage) - {Stage.FINAL}:
        assert postings(replace(ISSUED, stage=stage)) == ()


# --- the cap ------------------------------------------------------------------------------

CAP = Cap(
    left=Tokens.parse(30), most=Tokens.parse(100), period=1_000, head=4_100, seconds=5.0, now=1_764_000_000
)


def test_what_the_cap_leaves_can_be_minted() -> None:
    assert refusal(Tokens.parse(30), CAP, UTC) is None


def test_what_is_beyond_the_cap_is_told_with_the_time_of_the_rest() -> None:
    assert refusal(Tokens.parse(130), CAP, UTC) == (
        "the token's cap leaves 30.00 of 100.00 tokens in this period: issue 30.00 now, and the rest from "
        "block 5000 on, expected at 2025-11-24 17:15"
    )


def test_what_takes_several_periods_says_so() -> None:
    said = refusal(Tokens.parse(131), CAP, UTC)
    assert said is not None
    assert "at most 100.00 more in each of the next 2 periods" in said
    assert refusal(Tokens.parse(1), replace(CAP, left=Tokens(0), most=Tokens(0)), UTC) is not None


# --- book and chain ------------------------------------------------------------------------------


def change(block: int, account: str, amount: int, index: int = 0) -> Happened:
    sender, to = (NOBODY, account) if amount > 0 else (account, NOBODY)
    return Happened(
        block=block, index=index, at=block, transaction=f"0x{block}", address=TOKEN, name="Transfer",
        fields={"from": sender, "to": to, "value": abs(amount)},
    )  # fmt: skip


ISSUED = Entry(
    id=1, kind=Kind.ISSUE, at=50.0, account=BIRCH, name="birch", tokens=Tokens(40), money=Money(4_000, "EUR"),
    transaction="0x50",
)  # fmt: skip
CASHED = Entry(
    id=2, kind=Kind.CASH_OUT, at=60.0, account=BIRCH, name="birch", tokens=Tokens(-15),
    money=Money(-1_500, "EUR"), transfer="0x55:1", transaction="0x60",
)  # fmt: skip
EVENTS = [change(10, ALDER, 100), change(11, BIRCH, 100), change(50, BIRCH, 40), change(60, BANK, -15)]


def checked(book: list[Entry], events: list[Happened], supply: int = 225) -> Checked:
    return check(
        book, events, admitted={ALDER: 10, BIRCH: 10}, names=NAMES, supply=Tokens(supply), treasurer=BANK
    )


def test_a_book_that_equals_the_chain() -> None:
    found = checked([ISSUED, CASHED], EVENTS)
    assert found.equal
    assert [entry.kind for entry in found.entries] == [Kind.OPENING, Kind.OPENING, Kind.ISSUE, Kind.CASH_OUT]
    assert balances(found.entries)["cash", "EUR"] == 2_500


def test_a_mint_that_nobody_wrote_down_is_named() -> None:
    found = checked([ISSUED, CASHED], [*EVENTS, change(70, ALDER, 9)], 234)
    [difference] = found.differences
    assert difference.transaction == "0x70"
    assert "minted for alder without an entry" in difference.what
    assert not found.equal


def test_a_second_gift_at_admission_is_no_opening() -> None:
    found = checked([ISSUED, CASHED], [*EVENTS[:2], change(12, BIRCH, 100), *EVENTS[2:]], 325)
    assert [each.transaction for each in found.differences] == ["0x12"]


def test_a_first_mint_long_after_admission_is_no_opening() -> None:
    found = checked([], [change(10 + OPENING + 1, ALDER, 5)], 5)
    assert len(found.differences) == 1


def test_an_entry_that_the_chain_does_not_know_is_named() -> None:
    found = checked([ISSUED, CASHED], EVENTS[:3], 240)
    assert [each.transaction for each in found.differences] == ["0x60"]


@pytest.mark.parametrize(
    "other", [change(50, BIRCH, 41), change(50, ALDER, 40)], ids=["another amount", "somebody else"]
)
def test_a_mint_that_is_not_as_written_is_named(other: Happened) -> None:
    found = checked([ISSUED, CASHED], [*EVENTS[:2], other, EVENTS[3]])
    assert [each.transaction for each in found.differences] == ["0x50"]


def test_one_entry_excuses_one_mint_only() -> None:
    found = checked([ISSUED, CASHED], [*EVENTS, change(50, BIRCH, 40, index=7)], 265)
    assert [each.transaction for each in found.differences] == ["0x50"]


def test_what_was_explained_is_no_difference() -> None:
    reason = Entry(
        id=3, kind=Kind.EXPLAINED, at=71.0, account=ALDER, name="alder", tokens=Tokens(-9), transfer="0x70:0",
        reference="burned by mistake",
    )  # fmt: skip
    found = checked([ISSUED, CASHED, reason], [*EVENTS, change(70, ALDER, -9)], 216)
    assert found.equal
