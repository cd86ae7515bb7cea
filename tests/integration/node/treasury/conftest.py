"""A treasurer on a real chain of one signer, with a few households that have paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.client import ChainClient, Receipt
from chain.confirmations import depth
from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import Household, Role, Token
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from quantities import Tokens
from tests.integration.chain_node import ETHER, make_key, one_signer_chain, wait_for

GIVEN = Tokens.parse(100)
NAMES = ("alder", "birch", "cedar", "dogwood", "elm", "fir")


@dataclass(frozen=True)
class Bank:
    client: ChainClient
    url: str
    manifest: Manifest
    file: Path
    folder: Path
    account: Account
    words: tuple[object, ...]
    """Options that name chain, key and manifest."""
    households: dict[str, Account]

    @property
    def book(self) -> Path:
        """One key, one book: its journal knows every transaction of the key."""
        return self.folder / "treasury.db"

    @property
    def token(self) -> Token:
        return Token(self.client, self.manifest.token)

    def balance(self, name: str) -> Tokens:
        return self.token.balance(self.households[name].address)

    def sends(self, name: str, tokens: str) -> str:
        """A household sends tokens to the treasurer; the transaction."""
        data = Token.encode_transfer(self.account.address, Tokens.parse(tokens))
        [receipt] = Authority(self.households[name], self.client).send(
            [Transaction(self.manifest.token, data)]
        )
        assert isinstance(receipt, Receipt)
        assert receipt.succeeded
        return receipt.transaction


@pytest.fixture(scope="package")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("bank")
    account, keystore, password_file = make_key(folder, "treasurer")
    households = {name: Account.generate() for name in NAMES}
    alloc = {each.address: ETHER for each in households.values()} | {account.address: 100 * ETHER}
    with one_signer_chain(folder, "127.0.1.41", alloc) as chain:
        terms = Terms(mint_cap=Tokens.parse(2_000), mint_period=10**6, supply_blocks=60, challenge_blocks=3)
        admissions = [
            Admission(household=Household(each.address, name, Role.PROSUMER, "", ""), tokens=GIVEN)
            for name, each in households.items()
        ]
        manifest = deploy(Authority(account, chain.client), chain.client, terms, admissions)
        manifest.save(folder / "manifest.json")
        final = manifest.founded + depth(1)  # the desk believes no younger block
        wait_for(lambda: chain.client.block_number() >= final, "contracts in a final block")
        words = ("--rpc", chain.url, "--keystore", keystore, "--password-file", password_file,
                 "--manifest", folder / "manifest.json")  # fmt: skip
        yield Bank(
            chain.client, chain.url, manifest, folder / "manifest.json", folder, account, words, households
        )
