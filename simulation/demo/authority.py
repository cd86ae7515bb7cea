"""The neighbourhood's authority: deploys the contracts, admits the households, gives them their tokens.

In the field an operator does this once by `commonwatt contracts`. Here a thread does it as soon as the chain
has its first block, while the households' processes start and wait for the manifest by themselves.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from chain.client import ChainClient
from chain.daemon import Stop
from chain.errors import ChainError
from contracts.authority import Authority
from contracts.bindings import Household, Registry
from contracts.bindings.registry import Role
from contracts.bindings.token import Token
from contracts.deploy import Transaction, send
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from neighbourhood import founding
from neighbourhood.ports import RELAY, RPC
from quantities import Tokens
from simulation.neighbourhood.folders import Neighbourhood
from simulation.neighbourhood.scenario import Member

TOKENS = Tokens.parse(1_000)
"""Minted for each household."""

SUPPLY = 60
"""Seconds for which an order may be supplied: a day in the field."""

CHALLENGE = 60
"""Seconds that a seller has to redeem after its buyer asked to close: a day in the field."""

POLL = 0.1
WELCOME_EVERY = 1.0


class Founding(threading.Thread):
    """Founds the neighbourhood on its chain, once."""

    def __init__(self, neighbourhood: Neighbourhood, stop: Stop) -> None:
        super().__init__(name="authority", daemon=True)
        self._neighbourhood = neighbourhood
        self._stop = stop
        self.first_block: float | None = None
        """Monotonic seconds at which the first block was seen."""
        self.founded: float | None = None
        """Monotonic seconds at which the manifest was written."""
        self.manifest: Manifest | None = None
        self.failure: str = ""
        """Why it was not founded."""

    def run(self) -> None:
        """Wait for the chain, deploy, write the manifest."""
        first = self._neighbourhood.scenario.members[0]
        client = ChainClient(f"http://{first.address}:{RPC}", timeout=5.0)
        try:
            if self._wait(client):
                self.first_block = time.monotonic()
                manifest = self._found(client)
                manifest.save(self._neighbourhood.manifest)
                self.founded = time.monotonic()
                self.manifest = manifest
                self._welcome(client, manifest)
        except (ChainError, ContractsError) as error:
            self.failure = str(error)
        finally:
            client.close()

    def _wait(self, client: ChainClient) -> bool:
        """Until there is a block; False when stopped before."""
        while not self._stop.wait(POLL):
            try:
                if client.block_number() >= 1:
                    return True
            except ChainError:
                continue
        return False

    def _found(self, client: ChainClient) -> Manifest:
        scenario = self._neighbourhood.scenario
        terms = founding.terms(scenario.period, TOKENS * len(scenario.members), SUPPLY, CHALLENGE)
        households = [entry(self._neighbourhood, member) for member in scenario.founders]
        credited = self._neighbourhood.accounts.values()
        joining = founding.admissions(households, TOKENS, credited)
        return founding.found(Authority(self._neighbourhood.authority, client), client, terms, joining, None)

    def _welcome(self, client: ChainClient, manifest: Manifest) -> None:
        """Give a newcomer the tokens of all others, once its operator has let it in."""
        newcomer = self._neighbourhood.scenario.newcomer
        while newcomer is not None and not self._stop.wait(WELCOME_EVERY):
            with suppress(ChainError, ContractsError):
                listed = Registry(client, manifest.registry).households()
                admitted = next((each for each in listed if each.name == newcomer and each.admitted), None)
                if admitted is not None:
                    self._neighbourhood.accounts[newcomer] = admitted.account  # known before it can buy
                    minted = Transaction(manifest.token, Token.encode_mint(admitted.account, TOKENS))
                    send(Authority(self._neighbourhood.authority, client), [minted])
                    return


def entry(neighbourhood: Neighbourhood, member: Member) -> Household:
    """A household as the registry lists it."""
    return Household(
        account=neighbourhood.accounts[member.name],
        name=member.name,
        role=Role[member.role.upper()],
        enode=neighbourhood.enodes[member.name],
        relay=f"{member.address}:{RELAY}",
    )
