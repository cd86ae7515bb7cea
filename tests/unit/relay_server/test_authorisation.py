from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.bindings.market import State
from quantities import Price
from relay_server.authorisation import Claim, View, authorise, check, over, until
from relay_server.messages import CheckFrame, Code, Refused
from tests.unit.relay_server.bench import (
    BUYER,
    FEED,
    NEXT,
    ORDER,
    OTHER,
    SELLER,
    SETTINGS,
    offer,
    on_chain,
    seen,
    stale,
)

NOW = 100.0
CLAIM = Claim(order=ORDER, buyer=BUYER, contact=FEED, seller=SELLER)
ASKED = CheckFrame(buyer=BUYER, contact=FEED, energy=100, price=Price.parse("0.25").value)


def code(answer: object) -> Code | None:
    return answer.code if isinstance(answer, Refused) else None


def test_an_order_at_depth_may_be_supplied_to_its_buyer() -> None:
    assert authorise(seen(on_chain()), CLAIM, NOW) == on_chain()


def test_an_order_that_waits_behind_another_may_be_supplied() -> None:
    waiting = on_chain(state=State.WAITING, supply_end=None)
    assert code(authorise(seen(waiting), CLAIM, NOW)) is None


@pytest.mark.parametrize(
    ("view", "claim", "expected"),
    [
        (seen(), CLAIM, Code.NOT_FUNDED),
        (replace(seen(on_chain()), confirmed={}), CLAIM, Code.NOT_FUNDED),
        (seen(on_chain()), replace(CLAIM, buyer=OTHER), Code.BAD_SIG),
        (seen(on_chain()), replace(CLAIM, seller=OTHER), Code.WRONG_CONTACT),
        (seen(on_chain()), replace(CLAIM, contact=2), Code.WRONG_CONTACT),
        (stale(seen(on_chain())), CLAIM, Code.STALE_CHAIN),
        (replace(seen(on_chain()), judged=NOW - 5.1), CLAIM, Code.STALE_CHAIN),
        (View(), CLAIM, Code.STALE_CHAIN),
        (replace(seen(on_chain()), latest={}), CLAIM, Code.ENDED),
        (seen(on_chain(state=State.CLOSING)), CLAIM, Code.ENDED),
        (seen(on_chain(state=State.REDEEMED)), CLAIM, Code.ENDED),
        (seen(on_chain(supply_end=50)), CLAIM, Code.ENDED),
    ],
)
def test_what_the_chain_must_say_before_an_order_is_supplied(
    view: View, claim: Claim, expected: Code
) -> None:
    assert code(authorise(view, claim, NOW)) is expected


def test_a_closing_that_is_not_at_depth_yet_counts_against_the_order() -> None:
    view = replace(seen(on_chain()), latest={ORDER: on_chain(state=State.CLOSING)})
    assert code(authorise(view, CLAIM, NOW)) is Code.ENDED


def test_a_running_supply_ends_at_once_when_a_fresh_head_speaks_against_it() -> None:
    view = seen(on_chain(state=State.CLOSING))
    assert over(view, ORDER, SETTINGS, NOW)
    assert over(stale(view), ORDER, SETTINGS, NOW) is None, "what a stale node says proves nothing"


def test_a_running_supply_survives_a_chain_that_stands_still_for_ten_minutes() -> None:
    view = stale(seen(on_chain()))
    assert over(view, ORDER, SETTINGS, NOW + 600) is None
    assert over(view, ORDER, SETTINGS, NOW + 600.1)


def test_an_order_that_was_not_looked_up_yet_is_not_gone() -> None:
    assert over(seen(), ORDER, SETTINGS, NOW) is None
    assert over(replace(seen(), latest={ORDER: None}), ORDER, SETTINGS, NOW)


def test_the_end_of_supply_is_told_in_seconds() -> None:
    assert until(seen(on_chain(supply_end=60)), ORDER, NOW + 2) == 48
    assert until(seen(on_chain(supply_end=None)), ORDER, NOW) == float("inf")


@pytest.mark.parametrize(
    ("view", "asked", "expected"),
    [
        (seen(), ASKED, None),
        (stale(seen()), ASKED, Code.STALE_CHAIN),
        (replace(seen(), paused=True), ASKED, Code.NO_OFFER),
        (seen(), replace(ASKED, contact=2), Code.NO_OFFER),
        (seen(), replace(ASKED, price=1), Code.NO_OFFER),
        (seen(), replace(ASKED, energy=9), Code.NO_OFFER),
        (seen(), replace(ASKED, energy=2_001), Code.NO_OFFER),
        (replace(seen(), head=10_001), ASKED, Code.NO_OFFER),
        (replace(seen(on_chain()), offers={FEED: offer(ORDER)}), ASKED, None),
        (replace(seen(on_chain()), offers={FEED: offer(ORDER)}), replace(ASKED, buyer=OTHER), Code.BUSY),
        (replace(seen(on_chain()), offers={FEED: offer(ORDER, NEXT)}), ASKED, Code.BUSY),
    ],
)
def test_what_a_check_is_answered(view: View, asked: CheckFrame, expected: Code | None) -> None:
    assert code(check(view, asked, NOW)) is expected
