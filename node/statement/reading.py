"""A household's statement from the chain: its events, checked against the balances that the chain states."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chain.client import ChainClient
from contracts.bindings import Household, Registry, Token
from contracts.manifest import Manifest
from node.statement.errors import DoesNotAddUp, UnknownHousehold, UnknownMonth
from node.statement.forecast import RunsOut, runs_out, usage
from node.statement.history import Progress, history, treasurers, unheard
from node.statement.monthly import Statement, statement
from node.statement.period import Month
from node.statement.rows import rows
from quantities import Tokens


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A statement with everything that is printed beside it."""

    household: Household
    month: Month
    statement: Statement
    names: Mapping[str, str]
    """Of households and of the treasurer, by account."""

    block: int
    """The last one that is in it."""

    until: int
    """Unix seconds: the month's end, or the time of that block while the month runs."""

    complete: bool
    """The month is over."""

    gas: tuple[int, int]
    """Wei: the credit for fees at the beginning and at the end."""

    running_out: RunsOut | None
    """As things stand at that block; None in a month that is over."""


def read(
    client: ChainClient,
    manifest: Manifest,
    wanted: str,
    month: Month,
    *,
    last: int,
    progress: Progress = unheard,
) -> Paper:
    """Read it.

    Args:
        client: of an archive node of the chain.
        manifest: verified.
        wanted: the household's name or account.
        month: of the reader's calendar.
        last: the highest block that counts.
        progress: is told how far it is.

    Raises:
        UnknownHousehold, UnknownMonth: there is none, or it has not begun.
        DoesNotAddUp: events and balances contradict each other.
        ChainError: the node does not answer.
    """
    listed = Registry(client, manifest.registry).households(last)
    household = _household(listed, wanted)
    final = client.block(last).timestamp
    if month.start > max(final, int(time.time())):
        raise UnknownMonth(f"{month} has not begun yet")
    events = history(client, manifest, last, household.account, progress=progress)
    bank = treasurers(client, manifest, last) - {household.account}
    movements = list(rows(events, household.account, manifest.token, bank))
    found = statement(movements, household.account, month.start, month.end)
    first_block, last_block = before(client, month.start, last), before(client, month.end, last)
    token = Token(client, manifest.token)
    for block, told in ((first_block, found.opening.balance), (last_block, found.closing.balance)):
        held = token.balance(household.account, block) if block >= manifest.founded else Tokens(0)
        if held != told:
            raise DoesNotAddUp(
                f"the events up to block {block} come to {told.value} base units, the chain says "
                f"{held.value}: does the manifest name every market that ever was?"
            )
    complete = final >= month.end
    warned = None if complete else runs_out(usage(movements, found.closing.total, final), final)
    return Paper(
        household=household,
        month=month,
        statement=found,
        names=dict.fromkeys(bank, "the treasurer") | {each.account: each.name for each in listed},
        block=last_block,
        until=month.end if complete else final,
        complete=complete,
        gas=(client.balance(household.account, first_block), client.balance(household.account, last_block)),
        running_out=warned,
    )


def before(client: ChainClient, moment: int, last: int) -> int:
    """The last block before a moment (Unix seconds), `last` at most."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if client.block(middle).timestamp < moment:
            low = middle
        else:
            high = middle - 1
    return low


def _household(listed: list[Household], wanted: str) -> Household:
    found = [each for each in listed if wanted.lower() in (each.name.lower(), each.account.lower())]
    if len(found) != 1:
        names = ", ".join(sorted(each.name for each in listed)) or "nobody"
        raise UnknownHousehold(f"the registry lists {names}, no household {wanted!r}")
    return replace(found[0])
