"""Votes about who may seal: cast by a signer's own node, in the blocks that it seals (EIP-225).

A majority of the signers has to vote the same. A node repeats its votes in its blocks until it is told to
forget them, so a vote that has come true is taken back: it would else undo a later change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chain import ipc
from chain.errors import BadAnswer, SettingRefused
from chain.keys import checksum
from chain.plan import NodePlan


@dataclass(frozen=True)
class Standing:
    """Who may seal, and how this node votes."""

    signers: frozenset[str]
    votes: Mapping[str, bool]
    """Whose membership → in favour."""


def standing(plan: NodePlan) -> Standing:
    """Ask the running node.

    Raises:
        ChainError: it does not answer as it should.
    """
    signers, votes = ipc.batch(plan.ipc, [("clique_getSigners", ()), ("clique_proposals", ())])
    try:
        return Standing(
            signers=frozenset(checksum(each) for each in signers),
            votes={checksum(whose): bool(admits) for whose, admits in votes.items()},
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(f"{plan.ipc} tells no signers: {error!r}") from None


def refusal(now: Standing, account: str, admits: bool) -> None:
    """Make sure that a vote leads to a chain that can go on.

    Raises:
        SettingRefused: it would leave no signer.
    """
    if not admits and now.signers == {account}:
        raise SettingRefused(f"{account} is the only signer: without it no block is sealed any more")


def warning(now: Standing, account: str, admits: bool) -> str | None:
    """What the operator should know of the number of signers that the vote leads to."""
    after = now.signers | {account} if admits else now.signers - {account}
    if len(after) % 2 or after == now.signers:
        return None
    return (
        f"that makes {len(after)} signers: an even number can stall at two equal heads, and survives no more "
        "losses than one signer less. Go on to an odd number"
    )


def come_true(now: Standing, account: str, admits: bool) -> bool:
    """Whether the signers are as the vote wants them."""
    return (account in now.signers) is admits


def vote(plan: NodePlan, account: str, admits: bool) -> None:
    """Vote in every block that this node seals from now on, until it is discarded."""
    ipc.request(plan.ipc, "clique_propose", account, admits)


def discard(plan: NodePlan, account: str) -> None:
    """Vote no more about an account; harmless where there was no vote."""
    ipc.request(plan.ipc, "clique_discard", account)
