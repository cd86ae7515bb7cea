"""What is said of a trade in which something does not agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.bindings import State
from node.client_interaction.trade import Side
from node.reconciliation import tolerance
from node.reconciliation.judgement import judge
from node.reconciliation.records import Case, Cause, Counted, Figures, Finding, OnChain, Supply, Verdict
from node.reconciliation.tolerance import Limits

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
ORDER = "0x" + "ab" * 32
LIMITS = Limits(rating=200_000)
NOW = 2_000_000.0
PRICE = 220 * 10**18


def figures(**changed: Any) -> Figures:
    """A watt-hour bought, received, vouchered for and paid."""
    side = changed.get("side", Side.BUYER)
    chain = OnChain(
        state=State.REDEEMED, buyer=ME if side is Side.BUYER else OTHER,
        seller=OTHER if side is Side.BUYER else ME, contact=1, energy=2_000, price=PRICE, paid_energy=1_000,
        paid=PRICE * 1_000 // 10**6,
    )  # fmt: skip
    on_chain = {name[6:]: value for name, value in changed.items() if name.startswith("chain_")}
    plain = {name: value for name, value in changed.items() if not name.startswith("chain_")}
    known: dict[str, Any] = {
        "order": ORDER, "side": side, "partner": "alder", "account": OTHER, "contact": 1, "created": 100.0,
        "over": 200.0, "final": True, "energy": 2_000, "price": PRICE, "paid": chain.paid, "vouchered": 1_000,
        "signed": True, "own": 1_000, "other": 1_000, "other_at": 1_000, "chain": replace(chain, **on_chain),
    }  # fmt: skip
    return Figures(**{**known, **plain})


def verdict(*trades: Figures, supplies: tuple[Supply, ...] = (), **more: Any) -> Verdict:
    case = Case(household="birch", account=ME, at=NOW, figures=trades, supplies=supplies, **more)
    return judge(case, {trade.order: LIMITS for trade in trades})


def cause(*trades: Figures, supplies: tuple[Supply, ...] = ()) -> Cause | None:
    return verdict(*trades, supplies=supplies).trades[0].cause


@pytest.mark.parametrize("side", list(Side))
def test_a_trade_in_which_all_agree_is_clean(side: Side) -> None:
    assert verdict(figures(side=side)).clean


SLIPS: dict[str, tuple[dict[str, Any], Cause]] = {
    "a voucher above the own meter": ({"vouchered": 1_100, "chain_paid_energy": 1_100}, Cause.TAMPERING),
    "a voucher that the buyer did not sign": ({"signed": False}, Cause.TAMPERING),
    "a voucher above the order": ({"energy": 900, "chain_energy": 900}, Cause.TAMPERING),
    "paid for more than vouchered": ({"chain_paid_energy": 1_001}, Cause.TAMPERING),
    "other tokens paid than booked": ({"paid": 5}, Cause.TAMPERING),
    "another price on the chain": ({"chain_price": PRICE + 1}, Cause.TAMPERING),
    "another seller on the chain": ({"chain_seller": ME}, Cause.TAMPERING),
    "no such order on the chain": ({"chain": None}, Cause.TAMPERING),
    "booked as settled, open on the chain": (
        {"chain_state": State.OPEN, "over": NOW - 10}, Cause.TAMPERING,
    ),
    "not settled after an hour": ({"chain_state": State.OPEN, "final": False}, Cause.UNSETTLED),
    "taken back though vouchered": (
        {"chain_state": State.RECLAIMED, "chain_paid": 0, "paid": 0}, Cause.UNSETTLED,
    ),
    "much less signed for than counted": ({"own": 1_700}, Cause.UNPAID),
    "a long line": ({"other": 1_120}, Cause.LOSSES),
    "a meter that counts a fifth less": ({"other": 1_250}, Cause.TAMPERING),
    "a meter that counts a fifth more": ({"other": 800}, Cause.TAMPERING),
    "energy was delivered and not vouchered for": (
        {"side": Side.SELLER, "own": 1_300, "ended": False}, Cause.UNPAID,
    ),
    "far more was delivered than anybody risks": (
        {"side": Side.SELLER, "own": 2_000, "ended": False}, Cause.TAMPERING,
    ),
    "an older voucher was redeemed": ({"side": Side.SELLER, "chain_paid_energy": 999}, Cause.TAMPERING),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_each_slip_has_its_cause(slip: str) -> None:
    changed, expected = SLIPS[slip]
    assert cause(figures(**changed)) is expected


def test_a_supply_that_still_runs_is_not_judged_by_its_end() -> None:
    running = figures(over=None, final=False, own=1_400, chain_state=State.OPEN, chain_paid_energy=0)
    assert verdict(running).clean


def test_the_last_voucher_may_have_been_lost_on_its_way() -> None:
    assert verdict(
        figures(chain_paid_energy=600, chain_paid=PRICE * 600 // 10**6, paid=PRICE * 600 // 10**6)
    ).clean


def test_an_order_that_the_books_do_not_have_is_found() -> None:
    chain = figures().chain
    assert chain is not None
    found = verdict(elsewhere={ORDER: chain}).general
    assert [finding.cause for finding in found] == [Cause.TAMPERING]


READINGS: dict[str, tuple[Counted, Cause | None]] = {
    "that agree": (Counted(meter="tie-11", energy=1_003), None),
    "that say less": (Counted(meter="tie-11", energy=990), Cause.TAMPERING),
    "that say much more": (Counted(meter="tie-11", energy=1_600), Cause.TAMPERING),
    "that were deleted by age": (Counted(meter="tie-11", energy=None), None),
    "that are not there": (
        Counted(meter="tie-11", energy=None, problems=(Finding(cause=Cause.MISSING, text="Gone."),)),
        Cause.MISSING,
    ),
}


@pytest.mark.parametrize("which", READINGS)
def test_own_readings_beside_the_books(which: str) -> None:
    own, expected = READINGS[which]
    assert cause(figures(), supplies=(Supply(orders=(ORDER,), own=own),)) is expected


@pytest.mark.parametrize(
    ("energy", "expected"), [(1_020, None), (1_070, Cause.LOSSES), (1_300, Cause.TAMPERING)]
)
def test_the_other_household_s_proven_meter(energy: int, expected: Cause | None) -> None:
    own, other = Counted(meter="tie-11", energy=1_000), Counted(meter="alder's feed-1", energy=energy)
    assert cause(figures(), supplies=(Supply(orders=(ORDER,), own=own, other=other),)) is expected


def test_a_buyer_whose_own_readings_are_below_what_it_signed_is_found_by_the_seller() -> None:
    other = Counted(meter="birch's tie-11", energy=980)
    supply = Supply(orders=(ORDER,), own=Counted(meter="feed-1", energy=1_000), other=other)
    assert cause(figures(side=Side.SELLER), supplies=(supply,)) is Cause.TAMPERING


def series(parts: list[float], **more: Any) -> list[Figures]:
    """Trades of one line in which the seller's meter counted more by these parts."""
    return [
        figures(order=f"0x{number:064x}", other=round(1_000 * (1 + part)), **more)
        for number, part in enumerate(parts)
    ]


def test_what_happens_again_and_again_is_drift() -> None:
    found = verdict(*series([-0.09] * 5)).trades
    assert {trade.cause for trade in found} == {Cause.DRIFT}


def test_a_small_drift_is_seen_only_in_several_trades_together() -> None:
    assert verdict(*series([-0.07] * 3)).clean
    assert {trade.cause for trade in verdict(*series([-0.07] * 12)).trades} == {Cause.DRIFT}


def test_once_is_no_drift_and_neither_is_half_of_it() -> None:
    assert {trade.cause for trade in verdict(*series([-0.09] * 2)).trades} == {Cause.TAMPERING}
    assert {trade.cause for trade in verdict(*series([0.5] * 6)).trades} == {Cause.TAMPERING}


def test_a_line_that_loses_alike_every_time_is_no_drift() -> None:
    assert verdict(*series([0.04] * 12)).clean


def test_the_gravest_cause_comes_first() -> None:
    both = figures(other=1_120, signed=False)
    assert {finding.cause for finding in verdict(both).trades[0].findings} == {Cause.LOSSES, Cause.TAMPERING}
    assert cause(both) is Cause.TAMPERING


@given(
    side=st.sampled_from(list(Side)),
    received=st.integers(50, 20_000),
    line=st.floats(0, 0.02),
    classes=st.tuples(st.floats(-0.007, 0.007), st.floats(-0.007, 0.007)),
    seconds=st.floats(0, 0.9),
)
def test_honest_meters_within_their_class_are_never_flagged(
    side: Side, received: int, line: float, classes: tuple[float, float], seconds: float
) -> None:
    """Both meters off by half a percent and a bit, a line's loss, samples of nearly a second ago."""
    buyers = round(received * (1 + classes[0]))
    sellers = round(received * (1 + line) * (1 + classes[1])) + int(200_000 * seconds / 3_600)
    paid = PRICE * buyers // 10**6
    own, other = (buyers, sellers) if side is Side.BUYER else (sellers, buyers)
    found = verdict(
        figures(side=side, energy=30_000, chain_energy=30_000, vouchered=buyers, own=own, other=other,
                other_at=buyers, paid=paid, chain_paid=paid, chain_paid_energy=buyers)
    )  # fmt: skip
    assert found.clean, found


@given(counted=st.integers(0, 10**7), seconds=st.floats(0, 60))
def test_tolerances_grow_with_what_was_counted_and_are_never_below_the_resolution(
    counted: int, seconds: float
) -> None:
    assert tolerance.RESOLUTION <= tolerance.meters(LIMITS, counted) <= tolerance.running(LIMITS, counted)
    assert tolerance.meters(LIMITS, counted) <= tolerance.meters(LIMITS, counted + 100)
    assert tolerance.over(LIMITS, seconds) * 3_600 >= LIMITS.rating * seconds
