"""Writes a neighbourhood's files: keys, genesis, configurations, the world.

DIR/world.json, genesis.json, manifest.json (later, by the authority)
DIR/authority/{key.json,key.password}
DIR/<household>/{household.yml,key.json,node.key,sealer.json,…}
DIR/logs/<process>.log
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml

from chain import genesis, keys
from chain.keys import Account
from node.dapp.users import set_password
from simulation.neighbourhood import bench, configuration
from simulation.neighbourhood.configuration import P2P, Surroundings
from simulation.neighbourhood.scenario import Member, Scenario
from simulation.world import spec

GAS_CREDIT = 10**18
"""Wei that every admitted account begins with: 10⁴ transactions of 100,000 gas at a gwei."""

AUTHORITY_CREDIT = 10**20


@dataclass(frozen=True, kw_only=True)
class Login:
    """How to get into one household's pages; shown once."""

    household: str
    url: str
    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """A neighbourhood as it lies on disk."""

    scenario: Scenario
    folder: Path
    run: Path
    authority: Account
    accounts: dict[str, str]
    """By household."""

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
    authority = account(folder / "authority")
    accounts = {m.name: account(folder / m.name) for m in scenario.members}
    sealers = [account(folder / m.name, "sealer") for m in scenario.signers]
    around = Surroundings(
        geth=geth,
        run=run,
        accounts={name: owner.address for name, owner in accounts.items()},
        enodes={m.name: enode(folder / m.name / "node.key", m) for m in scenario.members},
    )
    credit = {owner.address: GAS_CREDIT for owner in accounts.values()}
    first_block = genesis.Genesis(
        chain_id=secrets.randbelow(2**31 - 2**20) + 2**20,
        period=scenario.period,
        signers=tuple(sealer.address for sealer in sealers),
        alloc={**credit, authority.address: AUTHORITY_CREDIT},
    )
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
        logins=tuple(login(folder, member) for member in scenario.members),
    )


def account(folder: Path, name: str = "key") -> Account:
    """Make a key with a random password beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    keys.write_private(folder / f"{name}.password", f"{password}\n".encode())
    return keys.create(folder / f"{name}.json", password)


def enode(path: Path, member: Member) -> str:
    """Make a node's key and tell its address among peers."""
    private = Account.generate().private
    keys.write_private(path, private.hex().encode())
    return keys.enode(private, str(member.address), P2P)


def login(folder: Path, member: Member) -> Login:
    """Make the password of one household's pages."""
    password = set_password(folder / member.name / "state", "home")
    url = f"http://{member.address}:{configuration.PAGES}/"
    return Login(household=member.name, url=url, user="home", password=password)
