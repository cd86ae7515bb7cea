from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from quantities import Energy, Power
from relay_server.accounts import forgive, vouchered
from relay_server.lease import bound, judged, keeps_pace, tolerance, uncounted
from tests.unit.relay_server.bench import RATING, SETTINGS, account, order


def test_the_bound_is_three_percent_and_what_passes_in_a_lease_and_a_sample() -> None:
    assert bound(Energy(1_000), RATING, SETTINGS) == Energy(30 + 10 * (10 + 3))


def test_energy_that_the_meter_has_not_shown_yet_counts_against_the_bound() -> None:
    on_the_edge = account(delivered=130)
    assert keeps_pace(on_the_edge, RATING, 0.0, SETTINGS)
    assert not keeps_pace(on_the_edge, RATING, 1.0, SETTINGS)


def test_what_flows_until_the_contact_could_be_open_counts_as_well() -> None:
    """A sample a second old, a look every tenth, half a second to open: 16 mWh that no register shows."""
    assert uncounted(1.0, SETTINGS) == 1.6
    assert keeps_pace(account(delivered=118), RATING, uncounted(1.0, SETTINGS), SETTINGS)
    assert not keeps_pace(account(delivered=119), RATING, uncounted(1.0, SETTINGS), SETTINGS)


def test_a_debtor_is_one_until_only_the_meters_tolerance_is_open() -> None:
    debtor = judged(account(delivered=1_000, vouchered=800), RATING, SETTINGS)
    assert debtor.unpaid
    paying = judged(replace(debtor, vouchered=Energy(960)), RATING, SETTINGS)
    assert paying.unpaid, "within the bound, but not within the tolerance"
    assert not judged(replace(debtor, vouchered=Energy(970)), RATING, SETTINGS).unpaid


def test_a_buyer_that_is_forgiven_owes_nothing() -> None:
    forgiven = forgive(replace(account(delivered=500, vouchered=100), unpaid=True))
    assert forgiven.gap == Energy(0)
    assert not forgiven.unpaid


def test_forgiving_takes_nothing_from_who_signed_for_more_than_was_delivered() -> None:
    assert forgive(account(delivered=100, vouchered=120)).gap == Energy(-20)


def test_a_lower_voucher_changes_nothing() -> None:
    before = account(delivered=50), replace(order(), vouchered=Energy(40), signature=b"high")
    assert vouchered(*before, Energy(39), b"low") == before


@example(paid=[], flows=[10] * 20)
@given(
    paid=st.lists(st.integers(0, 500), max_size=20),
    flows=st.lists(st.integers(0, 10), min_size=1, max_size=60),
)
def test_whatever_is_vouchered_the_true_gap_stays_within_the_bound(paid: list[int], flows: list[int]) -> None:
    """A look a second and the meter a second behind it: two seconds flow that no look has seen."""
    buyer, named, unseen = account(), order(energy=10**6), 0
    for second, flow in enumerate(flows):
        if not keeps_pace(buyer, RATING, 2.0, SETTINGS):
            break
        true = replace(buyer, delivered=buyer.delivered + Energy(unseen + flow))
        assert true.gap <= bound(true.owed, RATING, SETTINGS)
        buyer = replace(buyer, delivered=buyer.delivered + Energy(unseen))
        unseen = flow
        if second < len(paid):
            buyer, named = vouchered(buyer, named, Energy(paid[second]), b"voucher")


def test_tolerance_is_never_negative() -> None:
    assert tolerance(Energy(-50), SETTINGS) == Energy(0)
    assert Power.from_watts(36).over(1) == Energy(10)
