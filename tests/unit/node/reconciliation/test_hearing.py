"""What another household's evidence adds to a case, and what is not believed of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from node.reconciliation.evidence import dumps, loads
from node.reconciliation.hearing import heard, joined
from node.reconciliation.records import Case, Cause, Counted, Supply
from tests.unit.node.reconciliation.street import CHAIN, Street, built


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    return built(tmp_path_factory.mktemp("street"))


def listened(street: Street, text: str) -> Case:
    """The buyer's case with the seller's evidence."""
    with street.buyer.open() as readings:
        case = street.case(street.buyer, readings)
    return heard(case, loads(text), street.times, CHAIN, street.contradicted)


def test_the_other_s_meter_is_the_difference_of_two_proven_readings(street: Street) -> None:
    supplies = listened(street, street.evidence(street.seller)).supplies
    by_order = {supply.orders[0]: supply.other for supply in supplies}
    for trade in street.trades:
        other = by_order[trade.order]
        assert other is not None
        assert (other.energy, other.problems) == (trade.sent, ())


def test_evidence_is_read_as_it_was_written(street: Street) -> None:
    text = street.evidence(street.seller)
    assert dumps(loads(text)) == text


def test_what_is_not_reported_yet_is_not_proved(street: Street) -> None:
    given = json.loads(street.evidence(street.seller))
    given["supplies"][0]["after"] = None
    supply = next(s for s in listened(street, json.dumps(given)).supplies if s.other and s.other.problems)
    assert supply.other is not None
    assert supply.other.energy is None
    assert [problem.cause for problem in supply.other.problems] == [Cause.MISSING]


def test_evidence_of_another_chain_or_household_is_about_nothing_here(street: Street) -> None:
    evidence = loads(street.evidence(street.seller))
    for other in (replace(evidence, chain_id=7), replace(evidence, household=street.buyer.account.address)):
        assert [f.cause for f in listened(street, dumps(other)).general] == [Cause.TAMPERING]


def test_one_line_has_one_meter(street: Street) -> None:
    evidence = loads(street.evidence(street.seller))
    last = replace(evidence.supplies[-1], meter="load")
    case = listened(street, dumps(replace(evidence, supplies=(*evidence.supplies[:-1], last))))
    texts = [p.text for s in case.supplies if s.other is not None for p in s.other.problems]
    assert any("another meter" in text for text in texts)


def test_what_the_other_counted_together_is_compared_together(street: Street) -> None:
    one, two, three = (trade.order for trade in street.trades)
    own = tuple(
        Supply(orders=(order,), own=Counted(meter="tie-11", energy=100)) for order in (one, two, three)
    )
    with street.buyer.open() as readings:
        mine = {each.order: each for each in street.case(street.buyer, readings).figures}
    rest, together = joined(own, (one, two), Counted(meter="feed-1", energy=205), mine)
    assert rest.orders == (three,)
    assert together.orders == (one, two)
    assert together.own is not None
    assert together.other is not None
    assert (together.own.energy, together.other.energy) == (200, 205)
