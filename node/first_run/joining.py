"""A household's request to be admitted, made of its configuration; in the first run by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from chain.client import ChainClient
from chain.daemon import Stopping
from chain.endpoint import host_and_port
from chain.errors import ChainError, KeyRefused, Misconfigured
from chain.keys import Account, enode, load_node_key
from contracts import joining
from contracts.bindings import Household, Role
from contracts.errors import ContractsError
from node.first_run import owner
from node.first_run.steps import Key
from store import snapshot

if TYPE_CHECKING:
    from node.config.settings import Settings

log = structlog.get_logger()

FILE = "join.json"
"""In `paths.run`: the request. It holds no secret."""

AGAIN = 2.0
"""Seconds after which it is tried again: the chain node may still be starting."""

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what nobody can be reached at


def asked(settings: Settings, account: Account, host: str | None = None) -> joining.JoinRequest:
    """The request, as the configuration and the own chain node have it.

    Args:
        host: where the neighbours reach this host; None: at the addresses it listens on.

    Raises:
        Misconfigured: those say not where.
        ChainError: the node does not answer.
        KeyRefused: nobody says what the node's own key is.
    """
    client = ChainClient(settings.chain.rpc)
    try:
        household = _household(settings, account.address, host)
        return joining.JoinRequest(household, client.chain_id(), client.genesis_hash())
    finally:
        client.close()


class Joining(threading.Thread):
    """Writes the request as soon as it can be made, and says meanwhile why it cannot."""

    def __init__(self, settings: Settings, account: Account, stop: Stopping) -> None:
        """Prepare."""
        super().__init__(name="joining", daemon=True)
        self._settings = settings
        self._account = account
        self._stop = stop

    def run(self) -> None:
        """Try until it is written."""
        said = ""
        while problem := self._tried():
            if problem != said:
                owner.tell(self._settings.paths.run, Key.PROVED, self._account.address, problem)
                log.info("no_join_request_yet", reason=problem)
                said = problem
            if self._stop.wait(AGAIN):
                return
        if said:
            owner.tell(self._settings.paths.run, Key.PROVED, self._account.address)

    def _tried(self) -> str:
        """Write it; why that cannot be done yet, empty once it is."""
        try:
            request = asked(self._settings, self._account)
            joining.write(self._settings.paths.run / FILE, request, self._account)
        except (ChainError, ContractsError, KeyRefused, Misconfigured, OSError) as error:
            return str(error)
        return ""


def _household(settings: Settings, account: str, host: str | None) -> Household:
    def reached(listen: str) -> tuple[str, int]:
        own, port = host_and_port(listen)
        if host is None and own in ANYWHERE:
            raise Misconfigured(
                f"{listen} says not where the neighbours reach this host: make the request at the box, "
                "commonwatt chain request FILE --host ADDRESS"
            )
        return host or own, port

    node, relay = settings.chain.node, settings.relay
    role = Role[str(settings.household.role).upper()]
    found = Household(account, settings.household.name, role, "", "")
    if node is not None:
        found = replace(found, enode=_enode(settings.paths.run, node.key_file, *reached(node.listen)))
    if relay is not None:
        at, port = reached(relay.listen)
        found = replace(found, relay=f"[{at}]:{port}" if ":" in at else f"{at}:{port}")
    return found


def _enode(run: Path, key_file: Path, host: str, port: int) -> str:
    """The node's address: by its key, else, where only the chain's user reads that, as it says itself."""
    try:
        return enode(load_node_key(key_file), host, port)
    except KeyRefused:
        found = snapshot.read(run / "chain.json")
        said = "" if found is None else str(found.fields.get("enode", ""))
        if not said:
            raise
    at = f"[{host}]" if ":" in host else host
    return f"{said.partition('@')[0]}@{at}:{port}"
