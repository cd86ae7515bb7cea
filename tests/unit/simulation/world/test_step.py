import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.world import State, WorldSpec, initial
from simulation.world.notes import Event, Switching
from simulation.world.step import balance
from tests.unit.simulation.bench_of_two import FEED, HOME, LINE, TIE, bench, energise, run

COILS = st.lists(st.sampled_from([FEED, HOME, TIE]), unique=True)


def supplied(spec: WorldSpec) -> State:
    """Birch on Alder's line: feed first, home open, then the tie."""
    state, _ = run(spec, energise(initial(spec), FEED, HOME), 0.1)
    state, _ = run(spec, energise(state, TIE), 0.1)
    return state


def test_a_household_without_a_trade_lives_on_its_battery() -> None:
    spec = bench()
    state, notes = run(spec, initial(spec), 10)
    birch = state.homes["birch"]
    assert birch.source == "home"
    assert birch.battery_out == pytest.approx(birch.load)
    assert state.homes["birch"].stored < 2_000
    assert notes == []


def test_a_tie_carries_the_loads_and_charges_the_battery_with_what_its_rating_leaves() -> None:
    spec = bench(birch_soc=0.3)
    before = supplied(spec)
    after, _ = run(spec, before, 10)
    line, birch = after.lines[LINE], after.homes["birch"]
    assert birch.source == LINE
    assert birch.load_w < line.received_w <= 0.9 * spec.lines[0].rating
    assert birch.stored > before.homes["birch"].stored


def test_a_line_loses_about_one_percent() -> None:
    spec = bench()
    state, _ = run(spec, supplied(spec), 30)
    line = state.lines[LINE]
    assert 0.003 < 1 - line.received / line.delivered < 0.015


def test_an_open_contact_carries_nothing() -> None:
    spec = bench()
    state, _ = run(spec, energise(initial(spec), FEED), 5)
    assert state.lines[LINE].delivered == state.lines[LINE].received == 0
    assert state.lines[LINE].volts > 20, "the tie sees the seller's voltage before it closes"


def test_two_sources_on_one_load_are_a_short_with_its_duration() -> None:
    spec = bench()
    state, _ = run(spec, energise(initial(spec), FEED, TIE), 1)
    state, notes = run(spec, energise(state, TIE, energised=False), 0.5)
    shorts = [n for n in notes if isinstance(n, Event) and n.kind == "short"]
    assert [s.household for s in shorts] == ["birch"]
    assert shorts[0].seconds == pytest.approx(0.98, abs=0.03)


def test_a_load_without_source_is_an_outage_with_its_duration() -> None:
    spec = bench()
    state, _ = run(spec, energise(initial(spec), HOME), 2)
    assert state.homes["birch"].load_w == 0
    state, notes = run(spec, energise(state, HOME, energised=False), 0.5)
    outages = [n for n in notes if isinstance(n, Event)]
    assert [(o.kind, o.household, o.cause) for o in outages] == [
        ("outage", "birch", "no contact was closed to a source")
    ]
    assert outages[0].seconds == pytest.approx(2.02, abs=0.05)


def test_when_a_whole_relay_board_loses_power_the_tie_is_open_before_home_closes() -> None:
    spec = bench()
    _, notes = run(spec, energise(supplied(spec), FEED, HOME, TIE, energised=False), 1)
    moved = [(n.contact, n.closed) for n in notes if isinstance(n, Switching)]
    assert moved.index((TIE, False)) < moved.index((HOME, True))
    outages = [n for n in notes if isinstance(n, Event)]
    assert [o.kind for o in outages] == ["outage"]
    assert outages[0].seconds < 0.05


def test_an_empty_battery_gives_nothing_until_it_is_charged_again() -> None:
    spec = bench(birch_soc=0.01, load=100)
    state, _ = run(spec, initial(spec), 5)
    birch = state.homes["birch"]
    assert (birch.cut, birch.source, birch.load_w) == (True, None, 0)
    assert 0 <= birch.stored < 0.01 * 4_000
    state, _ = run(spec, energise(state, FEED, HOME), 0.1)
    state, _ = run(spec, energise(state, TIE), 20)
    state, _ = run(spec, energise(state, TIE, HOME, energised=False), 0.1)
    assert state.homes["birch"].source == "home"


def test_an_empty_sellers_line_goes_dead() -> None:
    spec = bench(alder_soc=0.01, panel=0)
    state, _ = run(spec, supplied(spec), 10)
    assert state.homes["alder"].cut
    assert state.lines[LINE].received_w == 0
    assert state.lines[LINE].volts == 0


def test_a_full_battery_curtails_its_panel() -> None:
    spec = bench(alder_soc=1.0)
    state, _ = run(spec, initial(spec), 5)
    alder = state.homes["alder"]
    assert alder.panel_w == pytest.approx(alder.load_w, rel=0.05)
    assert alder.stored <= 12_000


def test_the_fall_below_the_threshold_is_noted_once() -> None:
    spec = bench(birch_soc=0.305)
    _, notes = run(spec, initial(spec), 10)
    assert [(n.kind, n.household) for n in notes if isinstance(n, Event)] == [("below", "birch")]


def test_the_same_seed_gives_the_same_world() -> None:
    spec = bench()
    assert run(spec, initial(spec), 5) == run(spec, initial(spec), 5)


@settings(max_examples=40, deadline=None)
@given(
    socs=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    panel=st.floats(0, 500),
    load=st.floats(0, 800),
    coils=st.lists(st.tuples(COILS, st.floats(0.01, 3)), max_size=6),
)
def test_no_energy_is_made_or_lost_whatever_the_contacts_do(
    socs: tuple[float, float], panel: float, load: float, coils: list[tuple[list[str], float]]
) -> None:
    spec = bench(alder_soc=socs[0], birch_soc=socs[1], panel=panel, load=load)
    first = state = initial(spec)
    for energised, seconds in coils:
        state = energise(energise(state, FEED, HOME, TIE, energised=False), *energised)
        state, _ = run(spec, state, seconds, dt=0.02)
    assert abs(balance(spec, first, state)) < 1e-6
    for h in spec.households:
        home = state.homes[h.name]
        assert 0 <= home.stored <= h.battery.capacity * (1 + 1e-9)
        assert min(home.load, home.panel, home.battery_in, home.battery_out, home.lost) >= -1e-9
    line = state.lines[LINE]
    assert line.delivered >= line.received - 1e-9 >= -1e-9
