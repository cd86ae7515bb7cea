"""The Neighbourhood page, over what was seen of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask

from chain.errors import Unreachable
from contracts.bindings.market import Offer, Order, State
from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Role
from node.dapp.neighbourhood import HEAD_BEHIND, LOW_GAS, QUIET, Relay, Reported, Scene, Sighting, worries
from node.dapp.scout import Scout
from node.dapp.users import Users
from quantities import Energy, Price
from relay_server.messages import ContactState
from tests.unit.node.dapp.conftest import Visitor
from tests.unit.node.dapp.fake_node import ALDER, BIRCH, ORDER

NOW = 1_800_000_000.0
HEAD = 900
SELLER = Registered(ALDER, "alder", Role.PRODUCER, "", "10.0.0.1:15555")
BUYER = Registered(BIRCH, "birch", Role.CONSUMER, "", "10.0.0.2:15555")
OFFER = Offer(ALDER, 1, Price.parse("0.25"), Energy(1), Energy(5_000), HEAD + 100, ORDER, None)
RUNNING = Order(
    ORDER, BIRCH, ALDER, 1, Energy(2_100), Price.parse("0.25"), State.OPEN, HEAD + 50, None, Energy(0)
)
CLOSED = ContactState(contact=1, closed=True, order=ORDER)


def sighting(**changes: object) -> Sighting:
    seen = Sighting(
        registered=SELLER,
        relay=Relay(at=NOW, head=HEAD, contacts=(CLOSED,)),
        offers=(OFFER,),
        orders=(RUNNING,),
        reports=(
            Reported(
                interval=int(NOW), produced=Energy(310_000), consumed=Energy(120_500), transaction="0x01"
            ),
        ),
        gas=LOW_GAS * 10,
    )
    return replace(seen, **changes)  # type: ignore[arg-type]


def scene(*sightings: Sighting) -> Scene:
    return Scene(at=time.time(), head=HEAD, sightings=sightings, scanned=HEAD)


@dataclass
class Seen:
    """In place of a scout: shows what it was given."""

    shown: Scene | None = None
    problem: str = ""
    looks: list[float] = field(default_factory=list)

    def scene(self) -> Scene | None:
        self.looks.append(time.time())
        return self.shown


def showing(app: Flask, shown: Scene | None, problem: str = "") -> None:
    app.extensions["commonwatt"].scout = Seen(shown, problem)


def test_offers_supplies_and_reports_are_shown_by_name(app: Flask, member: Visitor) -> None:
    cheap = replace(OFFER, seller=BIRCH, price=Price.parse("0.2"), open=None)
    buyer = sighting(registered=BUYER, offers=(cheap,), orders=(), relay=Relay(at=NOW, problem="refused"))
    showing(app, scene(sighting(), buyer))
    page = member.get("/neighbourhood")
    assert "Alder to Birch" in page
    assert "may flow" in page
    assert page.index("0.20 tokens per kWh") < page.rindex("0.25 tokens per kWh")
    assert page.count("supplies somebody") == page.count(">free<") == 1
    assert "310.00 Wh" in page
    assert page.count("on line") == page.count("not reached") == 1


@pytest.mark.parametrize(
    ("relay", "says"),
    [
        (Relay(at=NOW, contacts=(replace(CLOSED, closed=False),)), "does not flow"),
        (Relay(at=NOW, contacts=(replace(CLOSED, order=b"\x01" * 32),)), "does not flow"),
        (Relay(at=NOW, problem="no route"), "not known"),
        (None, "not known"),
    ],
)
def test_energy_flows_only_where_the_sellers_relay_says_so(
    app: Flask, member: Visitor, relay: Relay | None, says: str
) -> None:
    showing(app, scene(sighting(relay=relay)))
    page = member.get("/neighbourhood")
    assert says in page
    assert "may flow" not in page


def test_an_offer_that_is_over_or_of_a_suspended_household_is_none() -> None:
    assert sighting().live(HEAD) == [OFFER]
    assert sighting().live(HEAD + 101) == []
    assert sighting(registered=replace(SELLER, admitted=False)).live(HEAD) == []
    assert sighting(offers=(replace(OFFER, max_energy=Energy(0)),)).live(HEAD) == []


@pytest.mark.parametrize(
    ("changes", "worry"),
    [
        ({}, ""),
        (
            {"relay": Relay(at=NOW, problem="the relay cannot be reached")},
            "The relay cannot be reached.",
        ),
        ({"relay": Relay(at=NOW, head=HEAD - HEAD_BEHIND)}, ""),
        ({"relay": Relay(at=NOW, head=HEAD - HEAD_BEHIND - 1)}, "11 blocks behind"),
        ({"relay": Relay(at=NOW, head=HEAD, contacts=(replace(CLOSED, fault="stuck"),))}, "fault: stuck"),
        (
            {"relay": Relay(at=NOW, head=HEAD, contacts=(replace(CLOSED, locked="works"),))},
            "locked out: works",
        ),
        ({"relay": None}, ""),
        ({"gas": LOW_GAS - 1}, "gas credit"),
        ({"registered": replace(SELLER, admitted=False)}, "suspended"),
        ({"reports": ()}, ""),
    ],
)
def test_what_an_operator_should_look_at(changes: dict[str, object], worry: str) -> None:
    found = worries(sighting(**changes), HEAD, NOW)
    assert len(found) == bool(worry)
    assert worry in "".join(found)


def test_a_household_that_stopped_reporting_is_a_worry() -> None:
    assert worries(sighting(), HEAD, NOW + QUIET) == []
    assert worries(sighting(), HEAD, NOW + QUIET + 1) == ["Its last report is of 3 days ago."]


def test_only_operators_see_what_ails(app: Flask, member: Visitor) -> None:
    showing(app, scene(sighting(gas=1)))
    assert "nearly used up" in member.get("/neighbourhood")
    users: Users = app.extensions["commonwatt"].users
    users.put("guest", "member", "a long password", at=time.time())
    other = Visitor(app.test_client(), "a long password")
    assert other.log_in(name="guest") == 302
    page = other.get("/neighbourhood")
    assert "nearly used up" not in page
    assert "Alder" in page


def test_before_the_first_look_the_page_says_so_and_comes_again(app: Flask, member: Visitor) -> None:
    showing(app, None)
    page = member.get("/neighbourhood")
    assert "Looking at the neighbours" in page
    assert 'http-equiv="refresh"' in page
    showing(app, None, "No chain node answers.")
    page = member.get("/neighbourhood")
    assert "No chain node answers. When the chain node runs" in page
    assert 'http-equiv="refresh"' not in page


def test_without_a_chain_the_page_says_what_is_missing(member: Visitor) -> None:
    assert "no chain here" in member.get("/neighbourhood")


def test_a_neighbourhood_in_which_nothing_happens_says_what_will(app: Flask, member: Visitor) -> None:
    showing(app, scene(sighting(offers=(), orders=(), reports=())))
    page = member.get("/neighbourhood")
    assert "Nobody offers energy now" in page
    assert "Nobody feeds anybody now" in page
    assert "no report yet" in page


def test_no_page_waits_for_a_look_and_no_two_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    begun: list[int] = []

    def look() -> Scene:
        begun.append(1)
        return scene(sighting())

    scout = Scout("http://127.0.0.1:1", lambda: None, clock=lambda: clock[0])
    monkeypatch.setattr(scout, "_look", look)
    assert scout.scene() is None or begun
    scout.looking.wait()
    assert scout.scene() is not None
    assert len(begun) == 1, "a look holds for some seconds"
    clock[0] = 9.0
    scout.scene()
    scout.looking.wait()
    assert len(begun) == 2


def test_a_household_without_contracts_is_told_so() -> None:
    scout = Scout("http://127.0.0.1:1", lambda: None)
    assert scout.scene() is None
    scout.looking.wait()
    assert "chain.manifest" in scout.problem


def test_a_look_that_fails_says_why_and_leaves_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Scene | Unreachable] = [scene(sighting()), Unreachable("no chain node answers")]

    def look() -> Scene:
        match answers.pop(0):
            case Unreachable() as error:
                raise error
            case Scene() as seen:
                return seen

    clock = [0.0]
    scout = Scout("http://127.0.0.1:1", lambda: None, clock=lambda: clock[0])
    monkeypatch.setattr(scout, "_look", look)
    for _ in range(2):
        scout.scene()
        scout.looking.wait()
        clock[0] += 9.0
    assert scout.problem == "no chain node answers."
    assert scout._scene is not None
