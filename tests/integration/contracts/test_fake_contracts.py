"""A wrong or fake contract is refused on a real chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.authority import Authority
from contracts.bindings import Market
from contracts.deploy import Terms, deploy
from contracts.errors import WrongContract
from contracts.manifest import Manifest
from quantities import Tokens
from tests.integration.contracts.conftest import CHALLENGE, SUPPLY, Neighbourhood


@pytest.fixture(scope="module")
def twin(town: Neighbourhood) -> Manifest:
    """The same contracts deployed once more, by somebody else: their own token, their own registry."""
    terms = Terms(mint_cap=Tokens.parse(1), mint_period=1, supply_blocks=SUPPLY, challenge_blocks=CHALLENGE)
    return deploy(Authority(town.stranger, town.client), town.client, terms)


def test_the_same_code_with_another_token_is_refused(town: Neighbourhood, twin: Manifest) -> None:
    known = town.manifest.code_hashes
    hashes = {**known, twin.current: known[town.manifest.current]}
    fake = replace(town.manifest, current=twin.current, code_hashes=hashes)
    with pytest.raises(WrongContract, match=f"code at {twin.current} is not that"):
        fake.verify(town.client)


def test_a_market_of_another_token_is_refused_even_with_its_own_hash(
    town: Neighbourhood, twin: Manifest
) -> None:
    hashes = {**town.manifest.code_hashes, twin.current: twin.code_hashes[twin.current]}
    fake = replace(town.manifest, current=twin.current, code_hashes=hashes)
    with pytest.raises(WrongContract, match="another token or registry"):
        fake.verify(town.client)


def test_an_address_without_a_contract_is_refused(town: Neighbourhood) -> None:
    account = town.stranger.address
    hashes = {**town.manifest.code_hashes, account: town.manifest.code_hashes[town.manifest.token]}
    with pytest.raises(WrongContract, match=f"no code at {account}"):
        replace(town.manifest, token=account, code_hashes=hashes).verify(town.client)
    with pytest.raises(WrongContract, match="does not answer offer"):
        Market(town.client, account).offer(town.alder.address, 1)
