"""Each household's reconciliation at the end of a run, as its own command would tell it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from chain.client import ChainClient
from contracts.manifest import Manifest
from node.cli.reconcile import facts
from node.config import load
from node.readings import open_readings
from node.reconciliation.gathering import Sources, gather
from node.reconciliation.judgement import judge
from node.reconciliation.records import Verdict
from simulation.neighbourhood.folders import Neighbourhood


def reconciled(neighbourhood: Neighbourhood, manifest: Manifest, names: Iterable[str]) -> dict[str, Any]:
    """Household → what `commonwatt reconcile --json` says.

    Raises:
        ChainError: a node does not answer.
        StoreError: books or readings cannot be read.
    """
    return {name: facts(_verdict(neighbourhood, manifest, name)) for name in names}


def _verdict(neighbourhood: Neighbourhood, manifest: Manifest, name: str) -> Verdict:
    settings = load([neighbourhood.configuration(name)])
    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    try:
        with open_readings(settings.readings.url, settings.paths.state, read_only=True) as readings:
            gathered = gather(
                Sources(
                    settings=settings,
                    manifest=manifest,
                    client=client,
                    readings=readings,
                    account=neighbourhood.accounts[name],
                    now=time.time(),
                )
            )
    finally:
        client.close()
    return judge(gathered.case, gathered.limits)
