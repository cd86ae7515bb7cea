"""Writes a neighbourhood's files: keys, genesis, configurations, the world.

DIR/world.json, genesis.json, manifest.json (later, by the authority)
DIR/authority/{key.json,key.password}
DIR/<household>/{household.yml,key.json,node.key,sealer.json,…}
DIR/logs/<process>.log
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from chain.keys import Account
from neighbourhood import founding, keys
from neighbourhood.ports import P2P, PAGES
from node.dapp.claims import setup_code
from node.dapp.users import set_password
from simulation.neighbourhood import bench, configuration
from simulation.neighbourhood.configuration import Surroundings
from simulation.neighbourhood.scenario import Member, Scenario
from simulation.world import spec


@dataclass(frozen=True, kw_only=True)
class Login:
    """How to get into one household's pages; shown once."""

    household: str
    url: str
    user: str
    password: str
    """Empty: this household is still to be set up, with `setup_code`."""

    setup_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """A neighbourhood as it lies on disk."""

    scenario: Scenario
    folder: Path
    run: Path
    authority: Account
    accounts: dict[str, str]
    """By household; a newcomer makes its own, and is in it once it was admitted."""

    enodes: dict[str, str]
    """By household."""

    logins: tuple[Login, ...]

    @property
    def manifest(self) -> Path:
        """Where the authority writes the addresses of the contracts."""
        return self.folder / "manifest.json"

    @property
    def logs(self) -> Path:
        """Where each process's log is."""
        return self.folder / "logs"

    def configuration(self, household: str) -> Path:
        """One household's configuration file."""
        return self.folder / household / "household.yml"

    def household_run(self, household: str) -> Path:
        """What one household's processes tell each other."""
        return self.run / household

    def state(self, household: str) -> Path:
        """One household's databases."""
        return self.folder / household / "state"


def build(scenario: Scenario, folder: Path, run: Path, geth: Path) -> Neighbourhood:
    """Write everything that has to be there before the first process starts.

    Args:
        folder: empty or absent.
        run: short, in memory if possible.
        geth: the binary.
    """
    for path in (folder / "logs", run, *(folder / m.name / "state" for m in scenario.members)):
        path.mkdir(parents=True, exist_ok=True)
    for member in scenario.members:
        (run / member.name / "meters").mkdir(parents=True)
    authority = keys.account(folder / "authority")
    accounts = {m.name: keys.account(folder / m.name) for m in scenario.founders}
    sealers = [keys.account(folder / m.name, keys.SEALER) for m in scenario.signers]
    around = Surroundings(
        geth=geth,
        run=run,
        accounts={name: owner.address for name, owner in accounts.items()},
        enodes={m.name: keys.enode(folder / m.name, str(m.address), P2P) for m in scenario.members},
        logs=(folder / "logs").absolute(),
    )
    owners = [owner.address for owner in accounts.values()]
    signers = [sealer.address for sealer in sealers]
    first_block = founding.first_block(scenario.period, signers, owners, authority.address)
    first_block.write(folder / "genesis.json")
    (folder / "world.json").write_text(spec.dump(bench.world(scenario)))
    for member in scenario.members:
        text = yaml.safe_dump(configuration.household(scenario, member, around), sort_keys=False)
        (folder / member.name / "household.yml").write_text(text)
    return Neighbourhood(
        scenario=scenario,
        folder=folder,
        run=run,
        authority=authority,
        accounts=dict(around.accounts),
        enodes=dict(around.enodes),
        logins=tuple(
            login(folder, member, new=member.name == scenario.newcomer) for member in scenario.members
        ),
    )


def login(folder: Path, member: Member, *, new: bool) -> Login:
    """Make the password of one household's pages; of a new one, the code that lets somebody make it."""
    url = f"http://{member.address}:{PAGES}/"
    if new:
        code = setup_code(folder / member.name / "state", time.time(), "the demo")
        return Login(household=member.name, url=url, user="", password="", setup_code=code)
    password = set_password(folder / member.name / "state", "home")
    return Login(household=member.name, url=url, user="home", password=password)
