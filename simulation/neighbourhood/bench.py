"""The physical side of a scenario: the world that its drivers meet."""

from __future__ import annotations

from simulation.neighbourhood.scenario import HOME_PIN, LIMIT, RATING, Member, Scenario
from simulation.world.spec import BatterySpec, ContactSpec, HouseholdSpec, LineSpec, WorldSpec

LINE_OHM = 0.03
"""Of the whole loop: 2 m of 1.5 mm² copper and its terminals; about 0.8 % of the rating at 26 V."""


def world(scenario: Scenario) -> WorldSpec:
    """The world in which a scenario plays."""
    return WorldSpec(
        households=tuple(household(scenario, member) for member in scenario.members),
        contacts=tuple(contact for member in scenario.members for contact in contacts(scenario, member)),
        lines=tuple(
            LineSpec(
                name=line.name,
                seller=line.seller,
                feed=f"{line.seller}.feed-{line.feed}",
                buyer=line.buyer,
                tie=f"{line.buyer}.tie-{line.tie}",
                resistance=LINE_OHM,
                rating=RATING,
            )
            for line in scenario.lines
        ),
        seed=scenario.seed,
        day=scenario.day,
    )


def household(scenario: Scenario, member: Member) -> HouseholdSpec:
    """One household's battery, panel and loads."""
    ratings = member.ratings
    buys = bool(scenario.bought_by(member.name))
    return HouseholdSpec(
        name=member.name,
        battery=BatterySpec(
            capacity=ratings.capacity,
            soc=ratings.soc,
            resistance=ratings.resistance,
            charge=ratings.charge,
            discharge=ratings.discharge,
        ),
        load=ratings.load,
        panel=ratings.panel,
        phase=member.phase,
        threshold=LIMIT / 100 if buys else None,
        home=buys,
    )


def contacts(scenario: Scenario, member: Member) -> tuple[ContactSpec, ...]:
    """One household's contacts: its feeds, and home with its ties if it buys."""
    name = member.name
    feeds = [
        ContactSpec(name=f"{name}.feed-{line.feed}", household=name, pin=line.feed_pin, kind="feed")
        for line in scenario.sold_by(name)
    ]
    ties = [
        ContactSpec(name=f"{name}.tie-{line.tie}", household=name, pin=line.tie_pin, kind="tie")
        for line in scenario.bought_by(name)
    ]
    home = [ContactSpec(name=f"{name}.home", household=name, pin=HOME_PIN, kind="home")] if ties else []
    return (*feeds, *home, *ties)
