"""A household joins a neighbourhood that trades, another's keys are made anew, and the newcomer leaves."""

from __future__ import annotations

import ssl

import pytest

from chain.headers import signer_of
from contracts import manifest as manifests
from contracts.bindings import Household, Registry
from neighbourhood.making import Accounts
from tests.rollout import books
from tests.rollout.street import NEWCOMER, Played, Street, healthy, until
from tests.rollout.test_site import OPEN, answered, fetched

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

RENEWED = "birch"
"""It seals, and buys."""


def test_a_household_joins_and_buys(street: Street, first_run: Played) -> None:
    street.lab.add(NEWCOMER)
    street.settle([*street.residents, NEWCOMER])
    with books.hurt(street):
        played = street.play("add-household", "-e", f"household_name={NEWCOMER}")
        print(f"joined in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert registered(street, NEWCOMER).admitted
        assert key(street, NEWCOMER) in street.on("alder", "wg show wg0 peers").split()
        until(lambda: healthy(street, NEWCOMER), "a content doctor")
        assert answered(street, NEWCOMER) == OPEN
        books.buys(street, NEWCOMER)
    assert all(books.accounts(street)[NEWCOMER] != order.seller for order in books.orders(street).values())


def test_keys_that_are_made_anew_are_everywhere_and_the_neighbourhood_goes_on(
    street: Street, first_run: Played
) -> None:
    before = (key(street, RENEWED), certificate(street, RENEWED), registered(street, RENEWED).enode)
    with books.hurt(street):
        played = street.play(
            "rotate-keys", "-e", f"household_name={RENEWED}", "-e", "rotate=overlay,pages,node"
        )
        print(f"keys made anew in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        after = (key(street, RENEWED), certificate(street, RENEWED), registered(street, RENEWED).enode)
        assert all(old != new for old, new in zip(before, after, strict=True))
        assert street.on(RENEWED, "wg show wg0 public-key").strip() == after[0]
        assert Accounts.load(street.files).households[RENEWED]["node"] in after[2]
        authority = street.files / "authority" / "ca.crt"
        assert fetched(street.host(RENEWED).address, authority).startswith("HTTP/1.1 ")
        until(lambda: all(linked(street, name) for name in street.residents), "everybody's link to it")
        until(lambda: seals(street, RENEWED), "a block that it has sealed")
        books.buys(street, RENEWED)


def test_a_household_leaves_and_the_others_forget_it(street: Street, first_run: Played) -> None:
    if NEWCOMER not in street.residents:
        pytest.fail(f"{NEWCOMER} has to join before it can leave: run the tests of this file together")
    with books.hurt(street):
        played = street.play("remove-household", "-e", f"household_name={NEWCOMER}")
        print(f"left in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        assert not registered(street, NEWCOMER).admitted
        assert street.on(NEWCOMER, "systemctl list-units --plain --no-legend 'commonwatt*' 'wg-quick*'") == ""
        assert (
            street.on(NEWCOMER, "find /etc/commonwatt/keys /etc/wireguard -type f 2>&1 || true").count("\n")
            == 1
        )
        forgotten(street, NEWCOMER)


def forgotten(street: Street, name: str) -> None:
    """Take a household that has left out of the inventory: the others forget it."""
    public = key(street, name)
    street.settle([each for each in street.residents if each != name])
    (street.files / "overlay" / f"{name}.pub").unlink()
    site = street.play("site")
    print(f"forgotten in {site.seconds:.0f} s")
    assert site.code == 0, site.output[-6_000:]
    assert not registered(street, name).admitted
    for each in street.residents:
        assert public not in street.on(each, "wg show wg0 peers")


def key(street: Street, name: str) -> str:
    """Public half of a host's key in the overlay, as the operator has it."""
    return (street.files / "overlay" / f"{name}.pub").read_text().strip()


def certificate(street: Street, name: str) -> str:
    """What the pages show of themselves."""
    return ssl.get_server_certificate((street.host(name).address, 443), timeout=60)


def registered(street: Street, name: str) -> Household:
    """A household's entry in the registry."""
    registry = manifests.load(street.files / "manifest.json").registry
    with books.node(street, "alder") as client:
        found = Registry(client, registry).household(
            books.accounts(street)[name], books.final(street, client)
        )
    assert found is not None
    return found


def linked(street: Street, name: str) -> bool:
    """Whether a household's host has heard of the one with new keys, by the new ones."""
    if name == RENEWED:
        return True
    heard = dict(line.split() for line in street.on(name, "wg show wg0 latest-handshakes").splitlines())
    return int(heard.get(key(street, RENEWED), "0")) > 0


def seals(street: Street, name: str) -> bool:
    """Whether one of the last blocks is a household's."""
    with books.node(street, "cedar") as client:
        head = client.block_number()
        sealers = {signer_of(header) for header in client.headers(head - 5, head)}
    return Accounts.load(street.files).households[name]["sealer"] in sealers
