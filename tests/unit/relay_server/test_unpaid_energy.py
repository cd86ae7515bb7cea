"""S − N beside 3 % · S + P_max · (lease + 3 s), by the truth of the simulated world: never beyond it.

`pytest -rP tests/unit/relay_server/test_unpaid_energy.py` prints how near each way of cheating came.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from relay_server.messages import Op
from tests.conftest import thorough
from tests.unit.relay_server.street import COURSES, Cheat, Course, Owed, Street

HEADER = f"{'a buyer who':32} {'took':>8} {'owed':>8} {'allowed':>8}  used"


def row(name: str, owed: Owed) -> str:
    return f"{name:32} {owed.taken:8.0f} {owed.worst:8.1f} {owed.allowed:8}  {owed.share:4.0%}"


@pytest.mark.parametrize("name", COURSES)
def test_what_a_cheat_owes_stays_within_the_bound(name: str) -> None:
    street = Street()
    street.run(180, COURSES[name](street.cheats[0]))
    [owed] = street.owed.values()
    print(f"{HEADER}\n{row(name, owed)}")
    assert owed.taken > 60, "it was supplied at all"
    assert owed.share <= 1


def test_several_cheats_at_once_owe_no_more_each() -> None:
    street = Street()
    courses = [COURSES[name] for name in ("stays at the edge", "lies more and more", "comes and goes")]
    street.run(120, *(course(cheat) for course, cheat in zip(courses, street.cheats, strict=True)))
    print(HEADER)
    for course, owed in zip(courses, street.owed.values(), strict=True):
        print(row(course.__name__.replace("_", " "), owed))
    assert all(owed.share <= 1 for owed in street.owed.values())


def test_an_honest_buyer_is_never_near_the_bound() -> None:
    street = Street()
    street.run(300, COURSES["honest"](street.cheats[0]))
    [owed] = street.owed.values()
    assert owed.share < 0.5
    assert owed.taken > 1_500


ORDERS = st.integers(0, 2)
DEED = st.one_of(
    st.tuples(st.just("close"), ORDERS),
    st.tuples(st.just("keep"), ORDERS, st.floats(0, 1.1)),
    st.tuples(st.just("open"), ORDERS, st.floats(0, 1.1)),
    st.tuples(st.just("settle"), ORDERS),
    st.tuples(st.just("logger"), st.booleans()),
    st.tuples(st.just("chain"), st.booleans()),
    st.tuples(st.just("boot")),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 3.0, 9.9])),
)


def follows(me: Cheat, deeds: list[tuple[object, ...]]) -> Course:
    """A course that hypothesis made up; fractions are of what was truly received."""
    for deed in deeds:
        match deed:
            case ("close", int(n)):
                me.send(Op.CLOSE, me.orders[n])
            case ("keep", int(n), float(part)):
                me.send(Op.KEEP, me.orders[n], int(me.received * part))
            case ("open", int(n), float(part)):
                me.send(Op.OPEN, me.orders[n], int(me.received * part))
            case ("settle", int(n)):
                me.street.settle(me.orders[n])
            case ("logger", bool(on)):
                me.street.logger = on
            case ("chain", bool(on)):
                me.street.fresh = on
            case ("boot",):
                me.street.boot()
            case ("wait", float(seconds)):
                yield seconds
        yield 0.2


@hypothesis_settings(
    max_examples=thorough(12, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    st.lists(st.lists(DEED, min_size=5, max_size=25), min_size=1, max_size=3), st.sampled_from([12.0, 35.0])
)
def test_whatever_buyers_mix_they_owe_no_more(courses: list[list[tuple[object, ...]]], watts: float) -> None:
    street = Street(watts=watts)
    mixed = (follows(cheat, deeds) for cheat, deeds in zip(street.cheats, courses, strict=False))
    street.run(60, *mixed)
    for owed in street.owed.values():
        assert owed.share <= 1, owed
