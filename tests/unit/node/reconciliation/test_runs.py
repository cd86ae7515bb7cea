"""Which trades are told apart by their meter's readings, and which only together."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from node.client_interaction.trade import Side, Step, Trade, TradeState
from node.reconciliation.runs import Booked, Where, over, together, touching
from quantities import Energy, Price, Tokens

METERS: dict[Where, str] = {(Side.BUYER, 11): "tie-11", (Side.SELLER, 1): "feed-1"}
REST = 3.0


def booked(began: float, over_: float | None, side: Side = Side.BUYER, channel: int = 11) -> Booked:
    trade = Trade(
        order=f"{began}", side=side, market="", partner="alder", account="", contact=1, energy=Energy(1),
        price=Price(1), cost=Tokens(1), created=began, channel=channel if side is Side.BUYER else None,
    )  # fmt: skip
    return Booked(trade=trade, began=began, over=over_)


def test_trades_between_which_the_contact_rested_are_told_apart() -> None:
    runs = together([booked(200, 260), booked(100, 160)], METERS, REST)
    assert [(run.meter, run.began, run.over) for run in runs] == [("tie-11", 100, 160), ("tie-11", 200, 260)]


def test_a_successor_is_told_together_with_the_order_before() -> None:
    [run] = together([booked(100, 160), booked(140, 200), booked(201, 240)], METERS, REST)
    assert (run.began, run.over, len(run.booked)) == (100, 240, 3)


def test_a_run_is_not_over_while_one_of_it_is_not() -> None:
    [run] = together([booked(100, None), booked(400, 460)], METERS, REST)
    assert run.over is None


def test_each_contact_has_runs_of_its_own() -> None:
    side = [booked(100, 160), booked(120, 180, channel=12), booked(130, 170, side=Side.SELLER)]
    assert [run.meter for run in together(side, METERS, REST)] == ["tie-11", "", "feed-1"]


def test_a_run_is_chosen_whole() -> None:
    runs = together([booked(100, 160), booked(140, 200), booked(300, 360)], METERS, REST)
    assert touching(runs, 130, 150) == runs[:1]
    assert touching(runs, 0, 1_000) == runs


def test_a_trade_is_over_with_its_first_ending_step() -> None:
    trade = booked(100, None).trade
    steps = [Step(name=name, at=at) for name, at in (("supplied", 5.0), ("ended", 7.0), ("settled", 9.0))]
    assert over(trade, steps) == 7.0
    assert over(trade, steps[:1]) is None
    settled = Trade(
        **{**{n: getattr(trade, n) for n in trade.__dataclass_fields__}, "state": TradeState.SETTLED}
    )
    assert over(settled, []) == settled.changed


@given(
    spans=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60) | st.none()), max_size=12),
)
def test_every_trade_is_in_one_run_and_between_runs_lies_a_rest(spans: list[tuple[int, int | None]]) -> None:
    given_ = [booked(begin, None if long is None else begin + long) for begin, long in spans]
    runs = together(given_, METERS, REST)
    assert sorted(each.began for run in runs for each in run.booked) == sorted(each.began for each in given_)
    for before, after in itertools.pairwise(runs):
        assert before.over is not None
        assert after.began >= before.over + REST
