"""What may happen to the chain of booted hosts: it is cut in two for minutes, and it comes to stand still."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from chain.headers import signer_of
from neighbourhood.making import Accounts
from tests.rollout import books
from tests.rollout.street import Played, Street, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(7_200)]

CUT = 120.0
"""Seconds for which the halves do not see each other."""

BEYOND = ("cedar", "dogwood")
"""One signer of three, so that its half's chain stands still."""

SEVERAL = 5
"""Blocks: more than come by the way, from what was under way."""

SEALER, NODE = "commonwatt-sealer", "commonwatt-chain"


def test_two_halves_that_did_not_see_each_other_for_two_minutes_have_one_chain_after(
    street: Street, first_run: Played
) -> None:
    with books.hurt(street):
        before = {name: street.height(name) for name in street.residents}
        street.lab.cut(*BEYOND)
        began = time.monotonic()
        time.sleep(CUT)
        during = {name: street.height(name) for name in street.residents}
        street.lab.mend()
        print(f"cut for {time.monotonic() - began:.0f} s: blocks {before} → {during}")
        assert all(during[name] <= before[name] + SEVERAL for name in BEYOND)
        assert all(during[n] > before[n] + CUT / 4 for n in street.residents if n not in BEYOND)
        mended = time.monotonic()
        until(lambda: one_chain(street, max(during.values()) + 1), "one chain", 300)
        print(f"one chain after {time.monotonic() - mended:.0f} s")
        for name in BEYOND:
            books.buys(street, name)


def test_a_chain_that_stands_still_is_set_going_by_the_playbook(street: Street, first_run: Played) -> None:
    first, second, third = sorted(signers(street), key=lambda name: sealer(street, name).lower())
    followers = [name for name in street.residents if name not in {first, second, third}]
    with books.hurt(street), unwatched(street):
        height = halted(street, first, second, third)
        units(street, "stop", third, SEALER, NODE)
        for name in (first, *followers):
            units(street, "stop", name, NODE)
        sealing(street, second, True)
        until(lambda: street.height(second) == height + 1, "the second's block")
        units(street, "stop", second, NODE)
        sealing(street, first, True)
        units(street, "start", first, NODE)
        until(lambda: street.height(first) == height + 1, "the first's block")
        for name in (second, *followers):
            units(street, "start", name, NODE)
        until(lambda: linked(street, first), "the first's neighbours")
        stood = time.monotonic()
        assert block(street, first, height + 1) != block(street, second, height + 1)

        dry = stalled(street)
        assert dry.changes() == []
        assert {street.height(name) for name in (first, second)} == {height + 1}, "it was only asked"
        played = street.play("recover-stall")
        print(f"stood still for {time.monotonic() - stood:.0f} s; recovered in {played.seconds:.0f} s")
        assert played.code == 0, played.output[-6_000:]
        until(lambda: one_chain(street, height + SEVERAL, first, second, *followers), "blocks", 120)
        units(street, "start", third, SEALER, NODE)
        until(lambda: one_chain(street, street.height(first) + 1), "one chain with the third", 300)
        again = street.play("recover-stall")
        assert again.code == 0, again.output[-6_000:]
        assert again.changes() == []
        assert "the chain runs" in again.output
    books.buys(street, followers[0])


def stalled(street: Street) -> Played:
    """What a dry run says of the stall, once it has lasted long enough to be one."""
    deadline = time.monotonic() + 600
    while True:
        dry = street.play("recover-stall", "--check")
        assert dry.code == 0, dry.output[-6_000:]
        if "the nodes hold different chains" in dry.output:
            return dry
        assert "the chain runs" in dry.output, dry.output[-6_000:]
        assert time.monotonic() < deadline, dry.output[-6_000:]


def halted(street: Street, first: str, second: str, third: str) -> int:
    """Stop the chain at a block of the third's, before its turn: the others may seal next, out of turn.

    As tests/integration/chain/test_stall.py does with processes.
    """
    sealing(street, second, False)
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        until(partial(above, street, first, street.height(first)), "a block")
        sealing(street, first, False)
        heads = settled_heads(street, first, second, third)
        height = heads[0]
        with books.node(street, first) as client:
            by = signer_of(client.headers(height, height)[0])
        if len(set(heads)) == 1 and by == sealer(street, third) and height % 3 == 1:
            return height
        sealing(street, first, True)
    raise AssertionError("the chain never stood where it was to stand")


def above(street: Street, name: str, height: int) -> bool:
    """Whether a node has a block more."""
    return street.height(name) > height


def settled_heads(street: Street, *names: str) -> list[int]:
    """Heads, once they have not changed for a while: whoever may seal has sealed."""
    found = [street.height(name) for name in names]
    for _ in range(30):
        time.sleep(5)
        earlier, found = found, [street.height(name) for name in names]
        if found == earlier:
            break
    return found


@contextmanager
def unwatched(street: Street) -> Iterator[None]:
    """Let no watchdog end a sealer that was stopped; all of them seal in the end."""
    for name in street.residents:
        street.on(name, "systemctl service-watchdogs no")
    try:
        yield
    finally:
        for name in signers(street):
            sealing(street, name, True)
        for name in street.residents:
            street.on(name, "systemctl service-watchdogs yes")


def signers(street: Street) -> list[str]:
    return [member.name for member in street.scenario.signers]


def sealer(street: Street, name: str) -> str:
    """The account with which a household seals."""
    return Accounts.load(street.files).households[name]["sealer"]


def sealing(street: Street, name: str, goes_on: bool) -> None:
    """Hold a sealer, or let it go on."""
    street.on(name, f"systemctl kill --signal={'CONT' if goes_on else 'STOP'} {SEALER}")


def units(street: Street, what: str, name: str, *which: str) -> None:
    """Start or stop units on a host; a start is not waited for."""
    street.on(name, f"systemctl {what} {'--no-block' if what == 'start' else ''} {' '.join(which)}")


def block(street: Street, name: str, number: int) -> str | None:
    """A block's hash by one node; None: it has none."""
    if not street.height(name):
        return None
    found = street.ask(name, "eth_getBlockByNumber", hex(number), False)
    return None if found is None else str(found["hash"])


def linked(street: Street, name: str) -> bool:
    """Whether a node is connected with others."""
    return bool(street.on(name, "ss -Htn state established '( sport = :30303 or dport = :30303 )'"))


def one_chain(street: Street, height: int, *names: str) -> bool:
    """Whether nodes (all, if none is named) have the same block of that height."""
    found = {block(street, name, height) for name in names or street.residents}
    return len(found) == 1 and None not in found
