"""Whether a neighbour follows another chain, and whether that lasts."""

from __future__ import annotations

import pytest

from node.agreement.judging import LASTS, Compared, Told, Verdict, compare, lasting, since
from node.agreement.telling import facts, lines

OURS = {7: "0x07", 8: "0x08", 9: "0x09"}


def judged(*neighbours: Told) -> tuple[Compared, ...]:
    return compare(neighbours, OURS)


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (Told(name="birch", number=9, hash="0x09"), Verdict.SAME),
        (Told(name="birch", number=7, hash="0x07"), Verdict.SAME),
        (Told(name="birch", number=8, hash="0xff"), Verdict.OTHER),
        (Told(name="birch", number=10, hash="0x10"), Verdict.BEYOND),
        (Told(name="birch", why="it has no relay to ask"), Verdict.UNTOLD),
    ],
)
def test_a_neighbours_last_block_is_held_against_ours_at_its_height(told: Told, verdict: Verdict) -> None:
    assert [each.verdict for each in judged(told)] == [verdict]


def test_two_that_sealed_at_once_are_not_parted_until_it_lasts() -> None:
    other = judged(Told(name="birch", number=9, hash="0xff"), Told(name="cedar", number=9, hash="0x09"))
    differs = since({}, other, 100.0)
    assert differs == {"birch": 100.0}
    assert lasting(differs, 100.0 + LASTS - 1) == ()
    assert since(differs, other, 120.0) == {"birch": 100.0}
    assert lasting(differs, 100.0 + LASTS) == ("birch",)


def test_who_follows_ours_again_is_parted_no_more() -> None:
    back = judged(Told(name="birch", number=9, hash="0x09"))
    assert since({"birch": 100.0}, back, 200.0) == {}


@pytest.mark.parametrize("told", [Told(name="birch", why="away"), Told(name="birch", number=10, hash="0x10")])
def test_who_cannot_be_compared_stays_what_he_was(told: Told) -> None:
    assert since({"birch": 100.0}, judged(told), 200.0) == {"birch": 100.0}
    assert since({}, judged(told), 200.0) == {}


def test_people_read_who_follows_which_chain_and_what_to_do() -> None:
    found = judged(
        Told(name="birch", number=9, hash="0xff"),
        Told(name="cedar", number=8, hash="0x08"),
        Told(name="dogwood", number=12, hash="0x12"),
        Told(name="elm", why="the relay at 10.77.0.5:15555 cannot be reached"),
    )
    assert [*lines(found)] == [
        "birch FOLLOWS ANOTHER CHAIN: block 9 is 0xff… there and 0x09… here",
        "cedar follows our chain, at block 8",
        "dogwood is at block 12; our node has not come so far",
        "elm does not tell: the relay at 10.77.0.5:15555 cannot be reached",
        "1 of 4 neighbours follow another chain; on every host: commonwatt chain survey, then commonwatt "
        "chain recover-stall says which is the heavier one",
    ]
    assert [*lines(found[1:])][-1] == "no neighbour follows another chain; 2 of 3 told theirs"
    assert [(each["name"], each["verdict"], each["block"]) for each in facts(found)] == [
        ("birch", "other", 9),
        ("cedar", "same", 8),
        ("dogwood", "beyond", 12),
        ("elm", "untold", None),
    ]
