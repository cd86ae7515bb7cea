"""Everybody's books beside the chain's: nothing is paid twice, and what is over is over on both sides."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chain.client import ChainClient
from chain.errors import ChainError
from contracts import manifest as manifests
from neighbourhood.making import Accounts
from node.client_interaction.trade import Trade
from node.client_interaction.trades import open_trades
from simulation.demo import ledger
from simulation.demo.ledger import Order
from store.errors import StoreError
from tests.e2e import audit
from tests.e2e.audit import Books
from tests.e2e.matrix import ENDED
from tests.rollout.street import Street, until

STATE = Path("var/lib/commonwatt")
A_LITTLE = "0.4"
"""Wh; a fifth of the smallest battery."""

SETTLED = 900.0
"""Seconds from the end of all harm to the end of every order that it met: supply and challenge are a minute
each, and a machine that boots a street is busy."""


@contextmanager
def node(street: Street, name: str) -> Iterator[ChainClient]:
    """A household's chain node, through ssh."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    host = street.host(name)
    way = ["ssh", *street.lab.ssh_options(), "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes", "-N"]
    tunnel = subprocess.Popen([*way, "-L", f"127.0.0.1:{port}:127.0.0.1:8545", f"pi@{host.address}"])
    try:
        client = ChainClient(f"http://127.0.0.1:{port}")
        until(lambda: answers(client), f"the chain node of {name}")
        yield client
    finally:
        tunnel.terminate()
        tunnel.wait()


def answers(client: ChainClient) -> bool:
    """Whether the node tells its head."""
    with suppress(ChainError):
        return client.block_number() > 0
    return False


def orders(street: Street, name: str = "alder") -> dict[str, Order]:
    """All final orders, by the chain as a household has it."""
    found = manifests.load(street.files / "manifest.json")
    with node(street, name) as client:
        return ledger.read(client, found, final(street, client))


def final(street: Street, client: ChainClient) -> int:
    """The last block that counts."""
    return ledger.final(client, len(street.scenario.signers))


def trades(street: Street, name: str) -> list[Trade]:
    """A household's trades by its own books, read on its card."""
    with suppress(StoreError), open_trades(street.host(name).root / STATE / "trading" / "trade.db") as reader:
        return reader.latest(10_000)
    return []


def accounts(street: Street) -> dict[str, str]:
    """Household → account, of those who have left as well."""
    known = Accounts.load(street.files).households
    return {name: each["account"] for name, each in known.items() if "account" in each}


def books(street: Street, unknown: Collection[str] = ()) -> Books:
    """Everybody's books now.

    Args:
        unknown: orders that a household may not know, since it has them from an older copy.
    """
    return Books(
        orders={each: order for each, order in orders(street).items() if each not in unknown},
        trades={name: trades(street, name) for name in street.lab.hosts},
        accounts=accounts(street),
    )


def open_orders(street: Street) -> set[str]:
    """Those whose tokens are in escrow."""
    return {each for each, order in orders(street).items() if order.state not in ENDED}


def wrong(found: Books) -> list[str]:
    """What must not be."""
    ended = [order.id for order in found.orders.values() if order.state in ENDED]
    return [*audit.doubles(found), *audit.differences(found, ended)]


@contextmanager
def hurt(street: Street) -> Iterator[None]:
    """What is done inside happens to the orders of that time: each of them ends, and once, and all agree."""
    met = open_orders(street)
    yield
    agree(street, met | open_orders(street))


def agree(street: Street, met: Collection[str], unknown: Collection[str] = ()) -> None:
    """Wait until some orders have ended and all books say so; nobody's tokens are lost or doubled.

    Args:
        unknown: as for `books`.
    """
    until(lambda: not open_orders(street) & set(met), "the end of every order that was met", SETTLED)
    deadline = time.monotonic() + SETTLED
    while (told := wrong(found := books(street, unknown))) and time.monotonic() < deadline:
        time.sleep(2)
    assert told == []
    with node(street, "alder") as client:
        manifest = manifests.load(street.files / "manifest.json")
        tokens = ledger.conservation(client, manifest, accounts(street), final(street, client))
    assert tokens["exact"], tokens
    ends = sorted(order.state for order in found.orders.values() if order.id in met)
    print(f"{len(met)} orders were met: {', '.join(ends)}; of {len(found.orders)} none is paid twice")


def traded(street: Street, *names: str) -> set[str]:
    """Orders of some households that were redeemed."""
    of = {accounts(street)[name] for name in names}
    return {
        each
        for each, order in orders(street).items()
        if order.state == "settled" and order.paid and of & {order.buyer, order.seller}
    }


def buys(street: Street, name: str) -> None:
    """Have a household buy a little, and wait until what it received is paid for."""
    began = time.monotonic()
    order = until(lambda: bought(street, name), f"an order that {name} is let place", SETTLED)
    until(lambda: order in traded(street, name), f"the end of what {name} bought", SETTLED)
    print(f"{name} bought and paid in {time.monotonic() - began:.0f} s")


def bought(street: Street, name: str) -> str | None:
    """The order that a household's trader placed when it was asked to; None: it would not, now."""
    asked = street.lab.ssh(street.host(name), f"commonwatt-ask buy --energy {A_LITTLE} --json")
    answer = json.loads(asked.stdout) if asked.stdout.startswith("{") else {}
    order = answer.get("order") if answer.get("outcome") == "accepted" else None
    return None if order is None else str(order)
