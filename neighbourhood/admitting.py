"""Who is in the registry, by the inventory; of a household that makes its own key, by its checked request."""

from __future__ import annotations

from contracts.bindings import Household
from contracts.bindings.registry import Role
from contracts.joining import JoinRequest
from contracts.manifest import Manifest
from neighbourhood.errors import NeighbourhoodRefused
from neighbourhood.inventory import Inventory
from neighbourhood.making import Accounts
from neighbourhood.ports import P2P, RELAY


def entries(inventory: Inventory, accounts: Accounts) -> list[Household]:
    """What the registry is to say of every household whose account is known."""
    known = accounts.identities(inventory)
    return [entry(inventory, name, at.account, at.enode) for name, at in known.items() if at.account]


def entry(inventory: Inventory, name: str, account: str, enode: str) -> Household:
    """What it is to say of one."""
    plan = inventory.households[name]
    relay = f"{plan.overlay}:{RELAY}" if plan.relay else ""
    return Household(account=account, name=name, role=Role[plan.role.upper()], enode=enode, relay=relay)


def checked(asked: JoinRequest, inventory: Inventory, accounts: Accounts, found: Manifest) -> Household:
    """The entry that a request asks for, which is the one that the inventory means.

    Raises:
        NeighbourhoodRefused: it asks for something else, and the message says what.
    """
    name = asked.household.name
    plan = inventory.households.get(name)
    if plan is None or not plan.first_run:
        raise NeighbourhoodRefused(f"the inventory has no household {name!r} with `first_run: true`")
    if (asked.chain_id, asked.genesis) != (found.chain_id, found.genesis_hash):
        raise NeighbourhoodRefused(f"{name} asks to join chain {asked.chain_id}, this is {found.chain_id}")
    known = accounts.households.get(name, {})
    if known.get("account", asked.household.account) != asked.household.account:
        raise NeighbourhoodRefused(
            f"{name} is admitted as {known['account']}, and the request is of {asked.household.account}: "
            "another account is admitted by another name"
        )
    enode = f"enode://{known.get('node', '')}@{plan.overlay}:{P2P}"
    wanted = entry(inventory, name, asked.household.account, enode)
    for field in ("role", "enode", "relay"):
        asks, means = getattr(asked.household, field), getattr(wanted, field)
        if asks != means:
            raise NeighbourhoodRefused(
                f"{name} asks for {field} {asks!s}, the inventory has {means!s}: run `site`, and have the "
                "request made anew there (restart commonwatt-client-interaction)"
            )
    return wanted
