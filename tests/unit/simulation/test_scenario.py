from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.neighbourhood import ScenarioRefused, plan
from simulation.neighbourhood.bench import world
from simulation.neighbourhood.scenario import FEWEST, LIMIT, NAMES
from tests.unit.simulation.ideal_policy import play

SIZES = range(FEWEST, len(NAMES) + 1)


def test_four_households_are_the_four_of_the_prototypes_street() -> None:
    scenario = plan(4)
    assert [(m.name, m.role, str(m.address)) for m in scenario.members] == [
        ("alder", "producer", "127.0.10.1"),
        ("birch", "consumer", "127.0.10.2"),
        ("cedar", "prosumer", "127.0.10.3"),
        ("dogwood", "prosumer", "127.0.10.4"),
    ]
    assert [m.name for m in scenario.signers] == ["alder", "birch", "cedar"]
    assert [line.name for line in scenario.lines] == [
        "alder-birch", "alder-cedar", "alder-dogwood",
        "cedar-birch", "cedar-dogwood",
        "dogwood-birch", "dogwood-cedar",
    ]  # fmt: skip


@pytest.mark.parametrize("households", SIZES)
def test_everybody_trades_and_one_or_three_seal(households: int) -> None:
    scenario = plan(households)
    for member in scenario.members:
        assert scenario.sold_by(member.name) or member.role == "consumer"
        assert scenario.bought_by(member.name) or member.role == "producer" or households < 2
    assert len(scenario.signers) == (3 if households >= 3 else 1)


@pytest.mark.parametrize("households", SIZES)
def test_every_size_is_a_world_that_can_be(households: int) -> None:
    scenario = plan(households)
    bench = world(scenario)
    assert len(bench.households) == households
    assert len(bench.lines) == len(scenario.lines)
    for member in scenario.members:
        numbers = [x.feed for x in scenario.sold_by(member.name)]
        numbers += [x.tie for x in scenario.bought_by(member.name)]
        assert len(set(numbers)) == len(numbers), "a contact's number is unique in its household"


@given(st.sampled_from(SIZES), st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_neighbourhood(households: int, seed: int) -> None:
    assert plan(households, seed=seed) == plan(households, seed=seed)


def test_another_network_can_be_chosen() -> None:
    scenario = plan(2, first=IPv4Address("127.0.8.1"))
    assert [str(m.address) for m in scenario.members] == ["127.0.8.1", "127.0.8.2"]


@pytest.mark.parametrize("households", [0, 1, 13])
def test_too_few_or_too_many_households_are_refused(households: int) -> None:
    with pytest.raises(ScenarioRefused, match="2 to 12"):
        plan(households)


def test_a_day_without_time_for_a_trade_is_refused() -> None:
    with pytest.raises(ScenarioRefused, match="day"):
        plan(4, day=5)


@pytest.mark.parametrize(("households", "seed"), [(4, 1), (4, 2), (4, 3), (2, 1), (8, 1)])
def test_ideal_traders_trade_within_a_minute_and_have_power_all_day(households: int, seed: int) -> None:
    outcome = play(plan(households, seed=seed), seconds=700)
    began, seller, _, _ = outcome.trades[0]
    assert began < 60
    assert seller in {"alder", "cedar", "elm", "ginkgo"}, "who has most to spare sells first"
    assert {event.kind for event in outcome.events} <= {"outage"}
    assert max(event.seconds for event in outcome.events) <= 0.6, "only changeovers"
    assert min(outcome.lowest.values()) > 0.15


def test_over_a_day_prosumers_both_sell_and_buy() -> None:
    outcome = play(plan(4), seconds=600)
    sellers = {seller for _, seller, _, _ in outcome.trades}
    buyers = {buyer for _, _, buyer, _ in outcome.trades}
    assert sellers == {"alder", "cedar", "dogwood"}
    assert buyers == {"birch", "cedar", "dogwood"}
    assert all(energy > 200 for _, _, _, energy in outcome.trades[:-2]), "no trade of crumbs"


def test_a_household_that_can_be_cut_off_and_its_neighbours_know_each_other_by_their_cables() -> None:
    scenario = plan(4, cuttable="birch")
    ways = {
        (a.name, b.name): scenario.way(a.name, b.name) for a in scenario.members for b in scenario.members
    }
    own = {member.address for member in scenario.members}
    cables = [way for pair, way in ways.items() if "birch" in pair and pair != ("birch", "birch")]
    assert len(set(cables)) == 6
    assert not own & set(cables)
    assert ways["alder", "dogwood"] == scenario.member("dogwood").address
    assert all(scenario.way(member.name, member.name) == member.address for member in scenario.members)


def test_only_who_buys_can_be_cut_off_in_a_trade() -> None:
    with pytest.raises(ScenarioRefused, match="birch, cedar, dogwood do"):
        plan(4, cuttable="alder")


def test_a_newcomer_is_wired_to_the_producer_and_known_to_nobody_yet() -> None:
    scenario = plan(4, newcomer=True)
    assert scenario.newcomer == "elm"
    assert [(line.seller, line.buyer) for line in scenario.bought_by("elm")] == [("alder", "elm")]
    assert scenario.sold_by("elm") == ()
    assert [member.name for member in scenario.founders] == ["alder", "birch", "cedar", "dogwood"]
    lines = [line for line in scenario.lines if line.buyer != "elm"]
    assert lines == list(plan(4).lines)


def test_a_newcomer_can_wait_half_an_hour_and_buys_at_once() -> None:
    newcomer = plan(4, newcomer=True).members[-1]
    ratings = newcomer.ratings
    assert ratings.soc < LIMIT / 100
    hours = ratings.soc * ratings.capacity / ratings.load / 1_000
    assert hours > 0.5


def test_a_newcomer_comes_to_a_whole_street_only() -> None:
    with pytest.raises(ScenarioRefused, match="its line begins there"):
        plan(5, newcomer=True)
