"""The first run as a state machine: what is next, what may be looked at again, and that it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.first_run.steps import TICKED, TITLES, Facts, Key, Step, before, done, may_show, may_tick, resume

ALL_TICKED = frozenset(TICKED)

facts = st.builds(
    Facts,
    claimed=st.booleans(),
    key=st.sampled_from(Key),
    admitted=st.booleans(),
    ticked=st.frozensets(st.sampled_from([*TICKED, Step.BACKUP])),
)


def test_an_empty_box_begins_with_the_password() -> None:
    assert resume(Facts()) is Step.CLAIM
    assert resume(Facts(key=Key.PROVED, admitted=True, ticked=ALL_TICKED)) is Step.CLAIM


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Key.UNKNOWN, Step.KEY),
        (Key.NONE, Step.KEY),
        (Key.UNPROVED, Step.BACKUP),
        (Key.PROVED, Step.JOIN),
    ],
)
def test_it_resumes_where_the_key_is(key: Key, step: Step) -> None:
    assert resume(Facts(claimed=True, key=key)) is step


def test_who_waits_for_the_operator_goes_on_meanwhile_but_does_not_start() -> None:
    waiting = Facts(claimed=True, key=Key.PROVED, ticked=frozenset({Step.JOIN}))
    assert resume(waiting) is Step.SENSORS
    ready = replace(waiting, ticked=ALL_TICKED - {Step.START})
    assert resume(ready) is Step.START
    assert not may_tick(Step.START, ready)
    assert may_tick(Step.START, replace(ready, admitted=True))


def test_who_is_admitted_before_the_request_was_ticked_off_need_not_tick_it() -> None:
    assert resume(Facts(claimed=True, key=Key.PROVED, admitted=True)) is Step.SENSORS


def test_a_trader_that_is_away_sends_nobody_back_to_the_key() -> None:
    proved = Facts(claimed=True, key=Key.UNKNOWN, ticked=frozenset({Step.BACKUP}))
    assert resume(proved) is Step.JOIN


def test_another_box_without_the_key_goes_on_until_it_is_back() -> None:
    over = Facts(claimed=True, key=Key.PROVED, admitted=True, ticked=ALL_TICKED | {Step.BACKUP})
    assert resume(over) is None
    assert resume(replace(over, key=Key.UNKNOWN)) is None
    assert resume(replace(over, key=Key.NONE)) is Step.KEY
    assert resume(replace(over, key=Key.UNPROVED)) is Step.BACKUP


def test_when_everything_is_done_it_is_over() -> None:
    over = Facts(claimed=True, key=Key.PROVED, admitted=True, ticked=ALL_TICKED)
    assert resume(over) is None


@given(facts)
def test_nothing_is_skipped(found: Facts) -> None:
    step = resume(found)
    assert all(done(each, found) for each in (Step if step is None else before(step)))


@given(facts)
def test_password_key_and_backup_are_never_shown_again(found: Facts) -> None:
    for step in (Step.CLAIM, Step.KEY, Step.BACKUP):
        assert may_show(step, found) == (resume(found) is step)
        assert not may_tick(step, found)


@given(facts)
def test_whoever_does_what_is_next_comes_to_the_end(found: Facts) -> None:
    seen = []
    while (step := resume(found)) is not None:
        assert may_show(step, found)
        seen.append(step)
        match step:
            case Step.CLAIM:
                found = replace(found, claimed=True)
            case Step.KEY:
                found = replace(found, key=Key.UNPROVED)
            case Step.BACKUP:
                found = replace(found, key=Key.PROVED, ticked=found.ticked | {Step.BACKUP})
            case _:
                found = replace(found, admitted=True)
                assert may_tick(step, found)
                found = replace(found, ticked=found.ticked | {step})
    assert seen == sorted(seen, key=list(Step).index)
    assert len(seen) == len(set(seen))


def test_every_step_has_a_title() -> None:
    assert set(TITLES) == set(Step)
