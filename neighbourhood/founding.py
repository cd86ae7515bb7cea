"""The beginning of a neighbourhood: its first block, its contracts, its first households."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence

from chain.client import ChainClient
from chain.genesis import Genesis
from contracts.bindings import Household
from contracts.deploy import Admission, Sender, Terms, admit, deploy
from contracts.manifest import Manifest
from quantities import Tokens

GAS_CREDIT = 10**18
"""Wei that every admitted account begins with: 10⁴ transactions of 100,000 gas at a gwei."""

AUTHORITY_CREDIT = 10**20

DAY = 86_400


def first_block(period: int, signers: Sequence[str], accounts: Iterable[str], authority: str) -> Genesis:
    """A genesis with a chain id of its own, in which everybody has his gas credit.

    Args:
        period: seconds between two blocks.
        signers: accounts of the sealing keys.
        accounts: the households'.
    """
    return Genesis(
        chain_id=secrets.randbelow(2**31 - 2**20) + 2**20,
        period=period,
        signers=tuple(signers),
        alloc={**dict.fromkeys(accounts, GAS_CREDIT), authority: AUTHORITY_CREDIT},
    )


def terms(period: int, mint_cap: Tokens, supply: float, challenge: float) -> Terms:
    """The contracts' terms, from lengths of time.

    Args:
        period: seconds between two blocks.
        mint_cap: tokens that a day may mint.
        supply: seconds for which an order may be supplied.
        challenge: seconds that a seller has to redeem after its buyer asked to close.
    """
    return Terms(
        mint_cap=mint_cap,
        mint_period=DAY // period,
        supply_blocks=round(supply / period),
        challenge_blocks=round(challenge / period),
    )


def admissions(households: Iterable[Household], tokens: Tokens, credited: Collection[str]) -> list[Admission]:
    """What each household begins with.

    Args:
        tokens: for each.
        credited: accounts that have their gas credit from the first block on.
    """
    return [
        Admission(household=each, tokens=tokens, gas_credit=0 if each.account in credited else GAS_CREDIT)
        for each in households
    ]


def found(
    sender: Sender, client: ChainClient, terms: Terms, joining: Sequence[Admission], former: Manifest | None
) -> Manifest:
    """Deploy the contracts and admit households, or go on where an earlier run was ended.

    Args:
        former: what was deployed before; then households that are not admitted yet join.

    Raises:
        DeploymentFailed, WrongContract, ChainError: as contracts.deploy and the manifest do.
    """
    if former is None:
        return deploy(sender, client, terms, joining)
    former.verify(client)
    admit(sender, client, former, joining)
    return former
