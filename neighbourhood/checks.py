"""Everything that is wrong with an inventory, before a host is touched, each with its line and its fix."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path

from chain.keys import checksum
from neighbourhood.inventory import SECTIONS, Inventory
from neighbourhood.settings import Identity, household
from node.config import ConfigError, Problem, Settings
from node.config.checks import inconsistencies
from node.config.loading import validated
from node.config.reading import Document, Where, read
from node.dotted import dotted

Found = tuple[Where, str]

HOSTS: Where = ("neighbourhood", "hosts")
SHARED: Where = ("neighbourhood", "vars", "shared")


def load(path: Path) -> Inventory:
    """Read an inventory.

    Raises:
        ConfigError: with everything that is wrong, each with file, line, key and fix.
    """
    document = read(path)
    if not document.data:
        raise ConfigError(
            [Problem(document.place(()), "", "is empty: commonwatt inventory new shows how to begin")]
        )
    inventory = validated(Inventory, document)
    problems = [
        Problem(document.place(where), dotted(where[1:]), what)
        for check in CHECKS
        for where, what in check(inventory)
    ]
    if not problems:
        problems = [each for name in inventory.households for each in of_household(inventory, name, document)]
    if problems:
        raise ConfigError(problems)
    return inventory


def addresses_are_distinct(inventory: Inventory) -> Iterator[Found]:
    """No two households have one address."""
    hosts = inventory.neighbourhood.hosts
    yield from twice(((*HOSTS, name, "ansible_host"), host.ansible_host) for name, host in hosts.items())
    yield from twice(
        ((*HOSTS, name, "household", "overlay"), household.overlay)
        for name, household in inventory.households.items()
    )


def addresses_are_in_the_overlay(inventory: Inventory) -> Iterator[Found]:
    """Every household's own address belongs to the overlay."""
    network = inventory.shared.overlay
    for name, each in inventory.households.items():
        where = (*HOSTS, name, "household", "overlay")
        if each.overlay not in network:
            yield where, f"{each.overlay} is not in the overlay {network}; correct it, or shared.overlay"
        elif each.overlay in (network.network_address, network.broadcast_address):
            yield where, f"{each.overlay} is the overlay's own; take another of {network}"


def one_or_three_sign(inventory: Inventory) -> Iterator[Found]:
    """Somebody makes the first block, and no two can wait for each other for ever."""
    signers = inventory.signers
    if not signers:
        yield HOSTS, "nobody seals blocks: write `chain: signer` at one household, or better at three"
    elif len(signers) not in (1, 3):
        yield (
            HOSTS,
            f"{len(signers)} households seal ({', '.join(signers)}), and so many can stall: two that seal "
            "the same height wait for each other; let one or three do it, the others be `chain: follower`",
        )


def lines_join_contacts_that_exist(inventory: Inventory) -> Iterator[Found]:
    """Each line runs from a feed of one household to a tie of another, and no contact has two."""
    feeds = {name: contacts(each.relay.get("feeds")) for name, each in inventory.households.items()}
    ties = {
        name: contacts((each.relay.get("transfer") or {}).get("ties"))
        for name, each in inventory.households.items()
    }
    pairs = set()
    for index, line in enumerate(inventory.lines):
        where = (*SHARED, "lines", index)
        yield from there((*where, "feed"), line.seller, line.feed, feeds, "relay.feeds")
        yield from there((*where, "tie"), line.buyer, line.tie, ties, "relay.transfer.ties")
        if line.seller == line.buyer:
            yield where, f"{line.seller} cannot supply itself; a line joins two households"
        elif (line.seller, line.buyer) in pairs:
            yield where, f"there is a line from {line.seller} to {line.buyer} already; keep one"
        pairs.add((line.seller, line.buyer))
    for end in ("feed", "tie"):
        yield from twice(
            ((*SHARED, "lines", index, end), getattr(line, end))
            for index, line in enumerate(inventory.shared.lines)
        )


def the_watching_host_is_there(inventory: Inventory) -> Iterator[Found]:
    """The host that watches over all is a household's."""
    name, known = inventory.shared.monitoring, list(inventory.households)
    if name is not None and name not in known:
        yield (*SHARED, "monitoring"), f"there is no household {name!r}; {hint(name, known)}"


CHECKS: tuple[Callable[[Inventory], Iterator[Found]], ...] = (
    addresses_are_distinct,
    addresses_are_in_the_overlay,
    one_or_three_sign,
    lines_join_contacts_that_exist,
    the_watching_host_is_there,
)


def contacts(listed: object) -> list[int]:
    """The numbers of a household's contacts, as far as they are written as they should be."""
    items = listed if isinstance(listed, list) else []
    return [
        item["contact"] for item in items if isinstance(item, dict) and isinstance(item.get("contact"), int)
    ]


def there(where: Where, name: str, number: int, known: dict[str, list[int]], section: str) -> Iterator[Found]:
    """Whether a line's end is a contact of the household that it names."""
    if name not in known:
        yield where, f"there is no household {name!r}; {hint(name, known)}"
    elif number not in known[name]:
        have = ", ".join(map(str, known[name])) or "none"
        yield (
            where,
            f"{name} has no contact {number} in {section} (it has {have}); add it, or correct the line",
        )


def hint(name: str, known: Iterable[str]) -> str:
    """What may have been meant."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"


def twice(values: Iterable[tuple[Where, Hashable]]) -> Iterator[Found]:
    """Values that may stand only once."""
    first: dict[Hashable, Where] = {}
    for where, value in values:
        if value in first:
            yield where, f"{value} is taken already, by {dotted(first[value][2:])}; each needs its own"
        first.setdefault(value, where)


def of_household(inventory: Inventory, name: str, written: Document) -> Iterator[Problem]:
    """What the product itself would say about the configuration that is going to be made."""
    data = household(
        inventory, name, {each: made_up(index) for index, each in enumerate(inventory.households)}
    )
    here: Where = (*HOSTS, name, "household")
    places = {
        where[len(here) :]: place for where, place in written.places.items() if where[: len(here)] == here
    }
    document = Document(data, {w: p for w, p in places.items() if not w or w[0] in (*SECTIONS, "role")})
    try:
        settings = validated(Settings, document)
        found = [Problem(document.place(w), dotted(w), what) for w, what in inconsistencies(settings)]
    except ConfigError as error:
        found = list(error.problems)
    for problem in found:
        yield Problem(problem.place, f"{name}.{problem.key}" if problem.key else name, problem.what)


def made_up(index: int) -> Identity:
    """Somebody's keys, before there are any."""
    return Identity(account=checksum(index.to_bytes(20)), enode=f"enode://{index:0128x}@127.0.0.1:1")
