"""One household's configuration, from the inventory and everybody's keys: the file site.yml on its host."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from neighbourhood.inventory import Inventory, Part, Store
from neighbourhood.lines import sellers
from neighbourhood.ports import P2P, PAGES, RELAY, RPC

GETH = "/opt/commonwatt/current/bin/geth"
CHAIN_DATA = "/var/lib/commonwatt/chain"
MAX_PEERS = 4
"""For nodes that are not in the registry yet; those in it do not count. So a node follows at once when it has
four neighbours, and within ten seconds when it has fewer (`chain.clique.MAX_PEERS` says what else hangs on
it)."""

POSTGRES = "postgresql:///commonwatt?host=/run/postgresql"
"""The host's own server, by its socket: each process is known by its user, so there is no password."""

HANDED_OVER = {"keystore": "credential:key.json", "password_file": "credential:key.password"}
MADE_THERE = {
    "keystore": "/var/lib/commonwatt/trading/key.json",
    "password_file": "/var/lib/commonwatt/trading/key.password",
    "first_run": True,
}
"""The account's key: of the operator's making, or of the first run's, in the folder that the trader writes.
Whose account it is stays there, so the configuration is the same before and after."""

ADDRESSES = "notify.addresses"
"""Beside the inventory, in a household's folder: whom its notifier tells besides those of the pages."""

SEALER_SOCKET = "/run/commonwatt-sealer/sealer.sock"
"""In a folder that only the sealer and the chain node can enter."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the others know of a household's keys."""

    account: str | None
    """None: it is made on its host, and nobody has admitted it yet."""

    enode: str
    sealer: str | None = None
    """The account of its sealing key, if it has one."""


def household(
    inventory: Inventory, name: str, identities: Mapping[str, Identity], *, told: bool = False
) -> dict[str, Any]:
    """The whole configuration, in the words of config.example.yml, as plain data for YAML.

    Secrets are systemd's credentials: each unit is handed its own and no other.

    Args:
        told: whether the operator has written addresses of people for it, beside the inventory.
    """
    plan = inventory.households[name]
    relays = {each: f"{other.overlay}:{RELAY}" for each, other in inventory.households.items()}
    accounts = {each: identity.account for each, identity in identities.items() if identity.account}
    bought = sellers(inventory.lines, name, accounts, relays)
    given = deepcopy(plan.sections())
    if given.get("readings", {}).pop("store", None) == Store.POSTGRESQL:
        given["readings"]["url"] = POSTGRES
    if told:
        given["notifications"] = {**given.get("notifications", {}), "addresses": f"credential:{ADDRESSES}"}
    return {
        "household": {"name": name, "role": str(plan.role)},
        "account": MADE_THERE if plan.first_run else {**HANDED_OVER, "address": identities[name].account},
        "chain": chain(inventory, name, identities),
        **given,
        **({"relay": {"listen": relays[name], **given["relay"]}} if "relay" in given else {}),
        **({"sellers": bought} if bought else {}),
        "dapp": {"listen": f"127.0.0.1:{PAGES}", **given.get("dapp", {})},
    }


def chain(inventory: Inventory, name: str, identities: Mapping[str, Identity]) -> dict[str, Any]:
    """Its chain node, and its sealer if it seals."""
    plan = inventory.households[name]
    node: dict[str, Any] = {
        "geth": GETH,
        "data": CHAIN_DATA,
        "listen": f"{plan.overlay}:{P2P}",
        "http": f"127.0.0.1:{RPC}",
        "network": str(inventory.shared.overlay),
        "key_file": "credential:node.key",
        # The registry tells of the others: who joins or leaves then changes nobody else's configuration.
        "peers": [identities[each].enode for each in inventory.signers if each != name],
        "max_peers": MAX_PEERS,
    }
    if plan.chain is Part.SIGNER:
        node["seal"] = {
            "keystore": "credential:sealer.json",
            "password_file": "credential:sealer.password",
            "socket": SEALER_SOCKET,
        }
    return {
        "rpc": f"http://127.0.0.1:{RPC}",
        "genesis": "genesis.json",
        "manifest": "manifest.json",
        "node": node,
    }
