"""Who is who on the chain: its contracts by their manifest, its households by their registry."""

from __future__ import annotations

import time

import structlog

from chain.errors import ChainError
from contracts.bindings.registry import Household as Registered
from contracts.bindings.registry import Registry
from contracts.errors import ContractsError
from contracts.manifest import Manifest
from node.dapp.household import Household
from node.dapp.language import N_
from node.dapp.ledger.blocks import Node
from node.dapp.phrases import Names
from node.dapp.words import capital

log = structlog.get_logger(__name__)

BELIEVED = 30.0
"""Seconds for which the registry's answer is."""

CONTRACTS = {
    "EnergyMarket": N_("the market"),
    "EnergyToken": N_("the token"),
    "NodeRegistry": N_("the registry"),
}


class Who:
    """See above. What was known last is told while a file or the node cannot be read."""

    def __init__(self, household: Household, node: Node) -> None:
        """Nothing is read before the first question."""
        self._household, self._node = household, node
        self._registered: tuple[float, list[Registered]] = (float("-inf"), [])
        self._manifest: Manifest | None = None
        self._written = 0

    @property
    def manifest(self) -> Manifest | None:
        """The neighbourhood's contracts as the file names them now; None while there is no such file."""
        path = self._household.manifest
        if path is None:
            return self._manifest
        try:
            written = path.stat().st_mtime_ns
            if written != self._written:
                self._manifest, self._written = Manifest.loads(path.read_text(encoding="utf-8")), written
        except (OSError, ContractsError) as error:
            if self._manifest is None:
                log.info("manifest_unread", error=str(error))
        return self._manifest

    def households(self, within: float = BELIEVED) -> list[Registered]:
        """The registry's households, as they were some seconds ago at most."""
        asked, found = self._registered
        manifest = self.manifest
        if manifest is None or time.monotonic() - asked < within:
            return found
        try:
            found = Registry(self._node, manifest.registry).households()
        except (ContractsError, ChainError) as error:
            log.info("registry_unread", error=str(error))
        self._registered = (time.monotonic(), found)
        return found

    def own(self, within: float = BELIEVED) -> Registered | None:
        """This household as the registry has it; None: it has it not, or cannot be read."""
        return next((each for each in self.households(within) if each.name == self._household.name), None)

    def names(self) -> Names:
        """What each address is called."""
        sellers = {account.lower(): capital(name) for name, account in self._household.sellers.items()}
        registered = {entry.account.lower(): capital(entry.name) for entry in self.households()}
        contracts: dict[str, str] = {}
        if self.manifest is not None:
            for address, name in self.manifest.contracts():
                contracts.setdefault(address.lower(), CONTRACTS[name])
        return Names(households=sellers | registered, contracts=contracts)
