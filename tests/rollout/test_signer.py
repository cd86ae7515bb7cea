"""A signer's host is lost for good, and nobody brings another: those who are left vote it out and go on."""

from __future__ import annotations

import pytest

from chain.headers import signer_of
from neighbourhood.making import Accounts
from tests.rollout import books
from tests.rollout.street import Played, Street, until
from tests.rollout.test_membership import registered

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

LOST, NEXT = "cedar", "dogwood"
"""Who sealed, and who will; two signers alone would be refused, for they can wait for each other for ever."""

SEVERAL = 10
"""Blocks."""


def test_a_signer_lost_for_good_is_voted_out_and_the_neighbourhood_goes_on(
    street: Street, first_run: Played
) -> None:
    until(lambda: books.traded(street, *street.residents), "trades before", 600)
    before = sealers(street)
    assert LOST in before
    street.host(LOST).cut_power()
    met = books.open_orders(street)
    height = street.height("alder")
    until(lambda: street.height("alder") > height + SEVERAL, "blocks of the two who are left", 300)

    survivors = [name for name in street.residents if name != LOST]
    street.settle(survivors, signers=(*(name for name in before if name != LOST), NEXT))
    site = street.play("site")
    assert site.code == 0, site.output[-6_000:]
    votes = street.play("signers")
    print(f"site without it in {site.seconds:.0f} s, votes in {votes.seconds:.0f} s")
    assert votes.code == 0, votes.output[-6_000:]
    wanted = {account for name, account in sealers(street).items() if name in survivors}
    assert len(wanted) == len(before)
    until(lambda: lately(street) == wanted, "blocks of all three who seal now", 300)

    removed = street.play("remove-household", "-e", f"household_name={LOST}")
    assert removed.code == 0, removed.output[-6_000:]
    told = " ".join(removed.output.split())
    assert f"{LOST} is suspended" in told
    assert f"whose key is in {street.files}/{LOST}" in told
    until(lambda: not registered(street, LOST).admitted, "a final block with its suspension")
    assert all(registered(street, name).admitted for name in survivors)

    again = street.play("signers")
    assert again.code == 0, again.output[-6_000:]
    assert again.changes() == []
    for name in survivors:
        assert "10.77.0.3" not in street.on(name, "cat /etc/wireguard/wg0.conf")
    books.buys(street, "birch")
    account = books.accounts(street)[LOST]
    with_lost = {each for each, o in books.orders(street).items() if account in {o.buyer, o.seller}}
    owed = {each for each in with_lost if books.orders(street)[each].seller == account}
    until(lambda: not books.open_orders(street) & owed, "what its buyers had paid in is back", books.SETTLED)
    books.agree(street, met - with_lost, unknown=with_lost)


def sealers(street: Street) -> dict[str, str]:
    """Accounts of all who have a sealing key, by household."""
    households = Accounts.load(street.files).households
    return {name: each["sealer"] for name, each in households.items() if "sealer" in each}


def lately(street: Street) -> set[str]:
    """Who sealed the last blocks."""
    with books.node(street, "alder") as client:
        head = client.block_number()
        return {signer_of(header) for header in client.headers(head - SEVERAL, head)}
