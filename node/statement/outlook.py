"""Whether one household's tokens will run out, read from the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.statement.forecast import RunsOut, runs_out, usage
from node.statement.history import history, treasurers
from node.statement.monthly import statement
from node.statement.rows import rows

if TYPE_CHECKING:
    from chain.client import ChainClient
    from contracts.manifest import Manifest


def outlook(client: ChainClient, manifest: Manifest, account: str, last: int) -> RunsOut | None:
    """The forecast as of a block, from all that ever happened to the household's tokens.

    Args:
        client: of a node of the chain.
        manifest: of the neighbourhood.
        account: the household's.
        last: block to read to.

    Raises:
        StatementError: the events contradict each other.
        ChainError, ContractsError: whatever reading raises.
    """
    now = client.block(last).timestamp
    bank = treasurers(client, manifest, last) - {account}
    events = history(client, manifest, last, account)
    movements = list(rows(events, account, manifest.token, bank))
    held = statement(movements, account, 0, now + 1).closing.total
    return runs_out(usage(movements, held, now), now)
