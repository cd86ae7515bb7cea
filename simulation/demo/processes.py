"""The processes of a neighbourhood: the product's own commands, one household after the other."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from neighbourhood.ports import P2P, PAGES, RELAY, RPC
from simulation.demo.errors import DemoRefused
from simulation.neighbourhood.configuration import authrpc
from simulation.neighbourhood.folders import Neighbourhood
from simulation.neighbourhood.scenario import Member, Scenario
from simulation.supervisor import Command

CHECKOUT = Path(__file__).resolve().parents[2]

ROLES = {
    "chain": ("chain", "run"),
    "sealer": ("chain", "seal"),
    "logger": ("logger", "run"),
    "relay": ("relay", "run"),
    "client-interaction": ("client-interaction", "run"),
    "dapp": ("dapp", "run"),
}
"""Process → its command. Any may start first: each waits by itself for what it needs of the others."""


def world(neighbourhood: Neighbourhood) -> Command:
    """The physical world. It ends last: relays need it to let their contacts go in order."""
    return Command(
        name="world",
        arguments=(
            sys.executable,
            "-m",
            "simulation.world",
            f"--spec={neighbourhood.folder / 'world.json'}",
            f"--socket={neighbourhood.run / 'world.sock'}",
            f"--folder={neighbourhood.folder / 'world'}",
        ),
        log=neighbourhood.logs / "world.log",
        last=True,
    )


def of_households(neighbourhood: Neighbourhood) -> list[Command]:
    """Every process of every household; only signers have a sealer."""
    return [
        command(neighbourhood, member, process)
        for process in ROLES
        for member in neighbourhood.scenario.members
        if process != "sealer" or member.seals
    ]


def command(neighbourhood: Neighbourhood, member: Member, process: str) -> Command:
    """One process of one household."""
    name = f"{member.name}.{process}"
    return Command(
        name=name,
        arguments=(program(), *ROLES[process], "--config", str(neighbourhood.configuration(member.name))),
        log=neighbourhood.logs / f"{name}.log",
    )


def program() -> str:
    """The command line of this environment.

    Raises:
        DemoRefused: not installed.
    """
    beside = Path(sys.executable).with_name("commonwatt")
    found = str(beside) if beside.exists() else shutil.which("commonwatt")
    if found is None:
        raise DemoRefused("the command `commonwatt` is not installed beside this Python: run `make demo`")
    return found


def geth() -> Path:
    """The chain node's program: built by `make demo`, else on PATH.

    Raises:
        DemoRefused: there is none.
    """
    built = CHECKOUT / "build" / "geth"
    found = str(built) if built.exists() else shutil.which("geth")
    if found is None:
        raise DemoRefused(f"there is no geth in {built.parent} nor on PATH: run `make demo`, which builds it")
    return Path(found).resolve()


def endpoints(scenario: Scenario) -> list[tuple[str, int]]:
    """Every address on which the neighbourhood is going to listen."""
    own = [(str(m.address), port) for m in scenario.members for port in (P2P, RPC, RELAY, PAGES)]
    return own + [("127.0.0.1", authrpc(member)) for member in scenario.members]
