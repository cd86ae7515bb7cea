"""A chain of one signer: real geth, real sealer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.chain_node import TestChain, one_signer_chain, wait_for


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with one_signer_chain(tmp_path_factory.mktemp("one"), "127.0.2.1") as running:
        yield running


def test_blocks_flow(chain: TestChain) -> None:
    height = chain.client.block_number()
    wait_for(lambda: chain.client.block_number() >= height + 2, "two more blocks")
    assert chain.client.chain_id() == chain.genesis.chain_id
