"""Is the household still being set up on its pages? Then much is not there yet, and nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from node.config import Settings
from node.doctor.findings import Finding, Ok, Warned
from node.first_run import owner
from node.first_run.steps import Key
from store import snapshot

OF_THE_KEY = frozenset({"keys", "contracts", "relay"})
"""Checks that have nothing to look at before there is a key whose backup was proved."""

OF_THE_CHAIN = frozenset({"chain", "contracts", "relay"})
"""And before the node has followed the chain: neighbours let in the nodes that the registry knows."""


def left_out(settings: Settings) -> frozenset[str]:
    """Checks that have nothing to look at yet."""
    if not settings.account.first_run:
        return frozenset()
    proved = owner.told(settings.paths.run)[0] is Key.PROVED
    return (frozenset() if proved else OF_THE_KEY) | (OF_THE_CHAIN if apart(settings) else frozenset())


def apart(settings: Settings) -> bool:
    """Whether the node runs and has nothing but the first block."""
    told = snapshot.read(settings.paths.chain)
    return told is not None and told.fields.get("height") == 0


def check(settings: Settings) -> Iterator[Finding]:
    """Say how far it is."""
    if not settings.account.first_run:
        return
    key, address, problem = owner.told(settings.paths.run)
    if key is not Key.PROVED:
        yield Warned(
            "the first run is not over: there is no key yet whose backup was proved",
            "go on on the household's pages; the code to begin with: commonwatt user setup-code. A key that "
            "was on another box is brought back there, or by commonwatt key restore",
        )
    elif problem:
        yield Warned(f"there is no request to join yet: {problem}", "look again in a moment")
    else:
        yield Ok(f"the first run has made the key of {address}, and its backup was proved")
    if apart(settings):
        yield Warned(
            "the node has only the chain's first block: the neighbours' let it in with the household",
            "have the operator admit the household; if he has, look again in a minute",
        )
