"""Asks every household's relay for its node's last block."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chain.client import ChainClient
from contracts.bindings import Household, Registry
from contracts.manifest import load
from node.agreement.judging import Compared, Told, compare, lasting, since
from relay_server.client import RelayClient
from relay_server.errors import RelayError

AT_ONCE = 8
"""Relays that are asked at the same time: forty that do not answer take ten seconds."""

PATIENCE = 2.0
"""Seconds for each answer."""

AGAIN = 2.0
"""Seconds until whoever differs is asked again."""

NO_RELAY = "it has no relay to ask"
EARLIER = "its relay does not tell: it has seen no block yet, or is of an earlier release"


class Neighbours:
    """The other households of the registry, and our own node to compare with."""

    def __init__(self, client: ChainClient, manifest: Path, own: str) -> None:
        """Prepare.

        Args:
            client: of our own node.
            manifest: the file that names the contracts.
            own: our name in the registry.
        """
        self._client, self._manifest, self._own = client, manifest, own

    def look(self) -> tuple[Compared, ...]:
        """Ask everybody once, and compare.

        Raises:
            ChainError, ContractsError: our own node or the manifest says why.
        """
        listed = Registry(self._client, load(self._manifest).registry).households()
        neighbours = [each for each in listed if each.name != self._own]
        chain_id = self._client.chain_id()
        with ThreadPoolExecutor(AT_ONCE, "neighbours") as pool:
            told = [*pool.map(lambda each: ask(each, chain_id), neighbours)]
        return compare(told, self._ours(told))

    def settled(
        self,
        wait: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> tuple[Compared, ...]:
        """Ask until nobody differs, or until it does not pass by itself any more.

        Raises:
            ChainError, ContractsError: as `look`.
        """
        differs: Mapping[str, float] = {}
        while True:
            found, now = self.look(), clock()
            differs = since(differs, found, now)
            if not differs or lasting(differs, now):
                return found
            wait(AGAIN)

    def _ours(self, told: Sequence[Told]) -> dict[int, str]:
        head = self._client.block_number()
        numbers = sorted({each.number for each in told if each.hash and each.number <= head})
        return {header.number: header.hash for header in self._client.numbered(numbers)} if numbers else {}


def ask(household: Household, chain_id: int) -> Told:
    """What one household's relay says."""
    if not household.relay:
        return Told(name=household.name, why=NO_RELAY)
    try:
        with RelayClient(household.relay, household.account, None, chain_id, PATIENCE) as client:
            hello = client.hello()
    except (RelayError, ValueError) as error:  # ValueError: what the registry has is no address
        return Told(name=household.name, why=str(error))
    if hello.hash is None:
        return Told(name=household.name, why=EARLIER)
    return Told(name=household.name, number=hello.head, hash=f"0x{hello.hash.hex()}")
