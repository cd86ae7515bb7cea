"""What is to be done about a chain that stands still, by what its nodes say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import BadAnswer
from chain.stall import LEAST, TOGETHER, Finding, Last, Survey, judge

SIGNERS = ("0xA", "0xB", "0xC")
NOW = 10_000.0
SEALED = int(NOW - LEAST)
"""When the last block was, of a chain that stands still since just long enough."""


def block(number: int, name: str = "", parent: str = "", difficulty: int = 2, sealed: int = SEALED) -> Last:
    return Last(
        number=number,
        hash=f"0x{number:02}{name}",
        parent=f"0x{number - 1:02}{parent}",
        sealed=sealed,
        difficulty=number * 2 - 2 + difficulty,
        raw="0x",
    )


def node(name: str, *blocks: Last, sealer: str | None = None, taken: float = NOW) -> Survey:
    return Survey(node=name, taken=taken, period=1, signers=SIGNERS, sealer=sealer, blocks=blocks)


COMMON = (block(1), block(2))
A = node("a", *COMMON, block(3, "a", difficulty=1), sealer="0xA")
B = node("b", *COMMON, block(3, "b", difficulty=1), sealer="0xB")


def test_of_two_equal_heads_all_take_the_lower_hash() -> None:
    follower = replace(B, node="f", sealer=None)
    verdict = judge([follower, B, A], NOW)
    assert verdict.finding is Finding.PARTED
    assert verdict.winner == A
    assert verdict.blocks_for("a") is None
    assert verdict.blocks_for("b") == verdict.blocks_for("f") == (2, (A.head,))


def test_the_heavier_chain_wins_whatever_its_hash() -> None:
    heavier = node("z", *COMMON, block(3, "z", difficulty=2), sealer="0xC")
    assert judge([A, B, heavier], NOW).winner == heavier


def test_a_node_that_is_behind_takes_what_it_lacks() -> None:
    behind = node("behind", block(1), sealer="0xB")
    assert judge([A, behind], NOW).blocks_for("behind") == (1, A.blocks[1:])


def test_a_chain_that_runs_is_left_alone() -> None:
    running = replace(A, blocks=(*COMMON, block(3, "a", sealed=SEALED + 1)))
    verdict = judge([running, B], NOW)
    assert verdict.finding is Finding.RUNS
    assert verdict.blocks_for("b") is None


def test_a_slow_chain_is_given_ten_of_its_periods() -> None:
    slow = [replace(each, period=15) for each in (A, B)]
    assert judge(slow, NOW).finding is Finding.RUNS
    assert judge([replace(each, taken=NOW + 120) for each in slow], NOW + 120).finding is Finding.PARTED


def test_nobody_goes_back_while_most_signers_could_go_on_unseen() -> None:
    verdict = judge([A, replace(B, sealer=None)], NOW)
    assert verdict.finding is Finding.TOO_FEW
    assert "1 of 3 signers are asked; 2 have to run" in verdict.sentence
    stranger = judge([A, replace(B, sealer="0xD")], NOW)
    assert stranger.finding is Finding.TOO_FEW


def test_a_chain_that_goes_on_while_nodes_are_asked_one_after_the_other_runs() -> None:
    early = replace(A, taken=NOW)
    late = node("b", *COMMON, block(3, "b", sealed=int(NOW) + 50), sealer="0xB", taken=NOW + 60)
    assert judge([early, late], NOW + 120).finding is Finding.RUNS


def test_what_was_young_when_the_first_node_was_asked_is_not_old_by_waiting() -> None:
    asked = [replace(each, taken=SEALED + LEAST - 1) for each in (A, B)]
    assert judge(asked, NOW + 200).finding is Finding.RUNS


def test_old_surveys_are_not_acted_upon() -> None:
    assert judge([A, replace(B, taken=NOW - TOGETHER - 1)], NOW).finding is Finding.OLD


def test_where_all_agree_the_next_signer_is_to_be_looked_at() -> None:
    verdict = judge([A, replace(A, node="b", sealer="0xB")], NOW)
    assert verdict.finding is Finding.AGREED
    assert "its sealer, its clock and its connections" in verdict.sentence
    assert verdict.blocks_for("b") is None


@pytest.mark.parametrize("length", [3, 4])
def test_what_may_have_counted_is_not_undone(length: int) -> None:
    """With 3 signers an order counts under two blocks: a fork of three has orders that counted."""
    fork = [block(2 + n, "a", "a" if n > 1 else "", difficulty=0) for n in range(1, length + 1)]
    deep = node("deep", *COMMON, *fork, sealer="0xA")
    heavy = [block(2 + n, "b", "b" if n > 1 else "") for n in range(1, length + 1)]
    verdict = judge([deep, node("heavy", *COMMON, *heavy, sealer="0xB")], NOW)
    assert verdict.finding is Finding.DEEP
    assert verdict.blocks_for("deep") is None
    assert "before block 3" in verdict.sentence


def test_chains_without_a_block_in_common_are_not_touched() -> None:
    other = node("other", block(2, "x", "x"), block(3, "x", "x"), sealer="0xB")
    assert judge([A, other], NOW).finding is Finding.DEEP


def test_a_fork_at_the_first_block_is_found_by_its_parent() -> None:
    one, other = (node(n, block(1, n, difficulty=1), sealer=s) for n, s in (("a", "0xA"), ("b", "0xB")))
    assert judge([one, other], NOW).blocks_for("b") == (0, one.blocks)


@given(st.permutations([A, B, replace(A, node="f", sealer=None), node("z", *COMMON, sealer="0xC")]))
def test_everybody_who_judges_the_same_surveys_judges_the_same(surveys: list[Survey]) -> None:
    verdict = judge(surveys, NOW)
    assert verdict.winner is not None
    assert verdict.winner.head == A.head
    assert verdict.adopters == {"b": 2, "z": 2}


def test_without_a_survey_there_is_no_judgement() -> None:
    with pytest.raises(ValueError, match="at least one node"):
        judge([], NOW)


def test_a_survey_is_read_as_it_was_written() -> None:
    assert Survey.from_json(A.to_json()) == A


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 9_000, A.to_json().replace('"raw"', '"row"')])
def test_another_file_is_no_survey(text: str) -> None:
    with pytest.raises(BadAnswer, match="no survey"):
        Survey.from_json(text)


def test_a_survey_without_a_block_is_refused() -> None:
    with pytest.raises(BadAnswer, match="no block"):
        Survey.from_json(replace(A, blocks=()).to_json())
