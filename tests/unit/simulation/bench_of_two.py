"""A small bench for tests: Alder, who sells, and Birch, who buys, with one line between them."""

from __future__ import annotations

from dataclasses import replace

from simulation.world import BatterySpec, ContactSpec, HouseholdSpec, LineSpec, State, WorldSpec, step
from simulation.world.contacts import drive
from simulation.world.notes import Note

FEED, HOME, TIE = "alder.feed-1", "birch.home", "birch.tie-11"
LINE = "alder-birch"
FEED_PIN, HOME_PIN, TIE_PIN = 17, 22, 23


def bench(
    *, alder_soc: float = 0.8, birch_soc: float = 0.5, panel: float = 200.0, load: float = 50.0
) -> WorldSpec:
    return WorldSpec(
        begins=8 / 24,
        households=(
            HouseholdSpec(
                name="alder",
                battery=BatterySpec(capacity=12_000, soc=alder_soc),
                load=20,
                panel=panel,
                home=False,
            ),
            HouseholdSpec(
                name="birch", battery=BatterySpec(capacity=4_000, soc=birch_soc), load=load, threshold=0.3
            ),
        ),
        contacts=(
            ContactSpec(name=FEED, household="alder", pin=FEED_PIN, kind="feed"),
            ContactSpec(name=HOME, household="birch", pin=HOME_PIN, kind="home"),
            ContactSpec(name=TIE, household="birch", pin=TIE_PIN, kind="tie"),
        ),
        lines=(LineSpec(name=LINE, seller="alder", feed=FEED, buyer="birch", tie=TIE),),
        seed=7,
    )


def energise(state: State, *names: str, energised: bool = True) -> State:
    contacts = {
        name: drive(contact, energised, state.t) if name in names else contact
        for name, contact in state.contacts.items()
    }
    return replace(state, contacts=contacts)


def run(spec: WorldSpec, state: State, seconds: float, dt: float = 0.01) -> tuple[State, list[Note]]:
    notes: list[Note] = []
    for _ in range(round(seconds / dt)):
        state, noted = step(spec, state, dt)
        notes += noted
    return state, notes
