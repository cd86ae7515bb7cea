"""The operator's work on a real chain: killed between any two transactions it goes on, and once is enough."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

from chain.client import ChainClient
from chain.keys import Account, create_node_key
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Registry, Role, Token
from contracts.created import Created, created
from contracts.deploy import Admission, Terms, Transaction, admit, deploy
from contracts.errors import DeploymentFailed
from contracts.inspection import inspect
from contracts.manifest import Manifest, load
from contracts.replacement import replace_market, terms_of
from quantities import Energy, Price, Tokens
from tests.integration.chain_node import ETHER, TestChain, make_key, one_signer_chain, wait_for
from tests.integration.killing_proxy import commonwatt, killing_proxy

TERMS = Terms(mint_cap=Tokens.parse(1_000), mint_period=100, supply_blocks=60, challenge_blocks=3)
WORDS = ("--mint-cap", 1_000, "--mint-period", 100, "--supply-blocks", 60, "--challenge-blocks", 3)
PRICE = Price.parse("0.25")
BATCH = 9
"""Transactions of a deployment with two households: three contracts, and entry, tokens and credit of each."""

KILLED = [(number, taken) for number in range(1, BATCH + 1) for taken in (False, True)]
"""Before and after the node has taken each of them."""


@dataclass(frozen=True)
class Desk:
    """An operator with a key of their own, and the two households that they admit."""

    account: Account = field(default_factory=Account.generate)
    alder: Account = field(default_factory=Account.generate)
    birch: Account = field(default_factory=Account.generate)

    @property
    def admissions(self) -> list[Admission]:
        return [
            Admission(
                household=Household(household.address, name, Role.PROSUMER, "", ""),
                tokens=Tokens.parse(100),
                gas_credit=ETHER,
            )
            for household, name in ((self.alder, "alder"), (self.birch, "birch"))
        ]


@dataclass(frozen=True)
class Office:
    chain: TestChain
    folder: Path
    desks: list[Desk]
    key: tuple[Account, Path, Path]
    """Of the one who works at the command line: account, keystore, password file."""
    registrar: tuple[Account, Path, Path]
    """Of another one, who admits."""

    def words(self, rpc: str) -> tuple[object, ...]:
        return words(rpc, self.key)


def words(rpc: str, key: tuple[Account, Path, Path]) -> tuple[object, ...]:
    return ("--rpc", rpc, "--keystore", key[1], "--password-file", key[2])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    desks = [Desk() for _ in range(len(KILLED) + 2)]
    key, registrar = make_key(folder, "authority"), make_key(folder, "registrar")
    accounts = [desk.account for desk in desks] + [key[0], registrar[0]]
    with one_signer_chain(folder, "127.0.1.31", {each.address: 100 * ETHER for each in accounts}) as chain:
        yield Office(chain, folder, desks, key, registrar)


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


class Fragile(ChainClient):
    """Dies with a transaction."""

    def __init__(self, url: str, at: int, taken: bool) -> None:
        super().__init__(url)
        self.left, self.taken = at, taken

    def send_raw(self, raw: bytes) -> str:
        self.left -= 1
        if self.left == 0:
            if self.taken:
                super().send_raw(raw)
            raise Killed
        return super().send_raw(raw)


def test_a_deployment_that_is_killed_anywhere_goes_on_and_is_complete(office: Office) -> None:
    url, client = office.chain.url, office.chain.client

    def killed_and_repeated(case: tuple[Desk, tuple[int, bool]]) -> Manifest:
        desk, (number, taken) = case
        with pytest.raises(Killed):
            deploy(Authority(desk.account, Fragile(url, number, taken)), client, TERMS, desk.admissions)
        # Its transactions wait in the node now, or are in a block: either way they are not sent twice.
        return deploy(Authority(desk.account, client), client, TERMS, desk.admissions)

    cases = list(zip(office.desks, KILLED, strict=False))
    with ThreadPoolExecutor(len(cases)) as together:
        made = list(together.map(killed_and_repeated, cases))
    for (desk, _), manifest in zip(cases, made, strict=True):
        manifest.verify(client)
        complete(office.chain.client, desk, manifest)


def complete(client: ChainClient, desk: Desk, manifest: Manifest) -> None:
    """One token, one registry, one market, each household once, and nothing more."""
    there = mine(client, desk.account)
    assert sorted(each.contract for each in there) == ["EnergyMarket", "EnergyToken", "NodeRegistry"]
    assert {each.address for each in there} == {address for address, _ in manifest.contracts()}
    assert client.nonce(desk.account.address) == BATCH
    assert Token(client, manifest.token).supply() == Tokens.parse(200)
    assert [h.name for h in Registry(client, manifest.registry).households()] == ["alder", "birch"]
    for household in (desk.alder, desk.birch):
        assert Token(client, manifest.token).balance(household.address) == Tokens.parse(100)
        assert client.balance(household.address) == ETHER


def mine(client: ChainClient, account: Account) -> list[Created]:
    """The contracts that an account has created."""
    return created(client, account.address, client.nonce(account.address))


def test_what_is_complete_is_only_described_anew(office: Office) -> None:
    client, desk = office.chain.client, office.desks[-1]
    first = deploy(Authority(desk.account, client), client, TERMS, desk.admissions)
    assert deploy(Authority(desk.account, client), client, TERMS, desk.admissions) == first
    admit(Authority(desk.account, client), client, first, desk.admissions)
    complete(client, desk, first)


def test_an_entry_that_is_corrected_or_taken_up_again_brings_no_second_tokens(office: Office) -> None:
    client, desk = office.chain.client, office.desks[-1]
    authority = Authority(desk.account, client)
    there = deploy(authority, client, TERMS, desk.admissions)
    moved = [
        replace(each, household=replace(each.household, relay="10.77.0.9:15555")) for each in desk.admissions
    ]
    admit(authority, client, there, moved)
    suspended = Registry.encode_suspend(desk.alder.address)
    assert all(each.succeeded for each in authority.send([Transaction(there.registry, suspended)]))
    admit(authority, client, there, moved)
    listed = Registry(client, there.registry).households()
    assert [(each.relay, each.admitted) for each in listed] == [("10.77.0.9:15555", True)] * 2
    assert Token(client, there.token).supply() == Tokens.parse(200)
    for household in (desk.alder, desk.birch):
        assert client.balance(household.address) == ETHER


def test_other_terms_do_not_go_on_with_what_was_begun(office: Office) -> None:
    client, desk = office.chain.client, office.desks[-2]
    with pytest.raises(Killed):
        deploy(Authority(desk.account, Fragile(office.chain.url, 2, False)), client, TERMS)
    deploy(Authority(desk.account, client), client, TERMS)
    other = Terms(mint_cap=Tokens.parse(2_000), mint_period=100, supply_blocks=60, challenge_blocks=3)
    with pytest.raises(DeploymentFailed, match=r"mint cap is 1000\.00, not 2000\.00"):
        deploy(Authority(desk.account, client), client, other)


def test_the_command_survives_sigkill_and_the_market_is_replaced_once(office: Office) -> None:
    """One operator's year at the command line, each step killed at least once."""
    client, file = office.chain.client, office.folder / "manifest.json"
    account = office.key[0]
    with killing_proxy(office.chain.url, "127.0.1.31") as proxy:
        deploying = ("contracts", "deploy", *office.words(proxy.url), *WORDS, "--manifest", file)
        assert proxy.kill(deploying, at=1, after=True) == -9
        assert proxy.kill(deploying, at=2, after=False) == -9
        assert not file.exists()
        ran = commonwatt("contracts", "deploy", *office.words(office.chain.url), *WORDS, "--manifest", file)
        assert ran.returncode == 0, ran.stderr
        first = load(file)
        first.verify(client)
        assert len(mine(client, account)) == 3

        desk = Desk()
        admit(Authority(account, client), client, first, desk.admissions)
        order = trades(client, first, desk)

        replacing = ("contracts", "replace-market", *office.words(proxy.url), "--manifest", file)
        assert proxy.kill(replacing, at=1, after=True) == -9
        wait_for(lambda: len(mine(client, account)) == 4, "new market")
        assert proxy.kill(replacing, at=1, after=True) == -9  # with the pause of the old one
        assert load(file) == first
    ran = commonwatt("contracts", "replace-market", *office.words(office.chain.url), "--manifest", file)
    assert ran.returncode == 0, ran.stderr
    assert f"now hand {file} out" in ran.stdout
    second = load(file)
    second.verify(client)
    assert (second.draining, second.token, second.registry) == ((first.current,), first.token, first.registry)
    assert terms_of(client, second.current) == terms_of(client, first.current)
    assert Market(client, first.current).paused()
    assert not Market(client, second.current).paused()
    assert len(mine(client, account)) == 4

    again = commonwatt("contracts", "replace-market", *office.words(office.chain.url), "--manifest", file)
    assert "nothing was done" in again.stdout
    assert load(file) == second

    named = ("--rpc", office.chain.url, "--manifest", file)
    kept = commonwatt("contracts", "drop-drained", *named)
    assert "nothing was dropped" in kept.stdout
    shown = json.loads(commonwatt("contracts", "verify", *named, "--json").stdout)
    old = next(each for each in shown["markets"] if each["place"] == "draining")
    assert (old["orders"], old["paused"]) == (1, True)

    [receipt] = Authority(desk.alder, client).send([Transaction(first.current, Market.encode_release(order))])
    assert receipt.succeeded
    told = commonwatt("contracts", "verify", *named)
    assert told.returncode == 0
    assert f"{first.current} has drained: commonwatt contracts drop-drained" in told.stdout
    dropped = commonwatt("contracts", "drop-drained", *named)
    assert f"dropped: {first.current}" in dropped.stdout
    assert load(file).drained == (first.current,)

    paused = commonwatt("contracts", "pause-orders", *office.words(office.chain.url), "--manifest", file)
    assert paused.stdout == f"new orders on {second.current} are paused\n"
    assert Market(client, second.current).paused()
    resumed = commonwatt("contracts", "resume-orders", *office.words(office.chain.url), "--manifest", file)
    assert resumed.stdout == f"new orders on {second.current} are taken\n"
    assert not Market(client, second.current).paused()

    file.unlink()  # a lost manifest is written anew from the chain
    ran = commonwatt("contracts", "deploy", *office.words(office.chain.url), *WORDS, "--manifest", file)
    assert ran.returncode == 0, ran.stderr
    assert load(file) == second  # with the drained market as a draining one: `drop-drained` looks again


def trades(client: ChainClient, manifest: Manifest, desk: Desk) -> bytes:
    """An order of Birch's at Alder's that is open; its id."""
    offer = Market.encode_set_offer(1, PRICE, Energy(5_000), 10**6)
    Authority(desk.alder, client).send([Transaction(manifest.current, offer)])
    args = OrderArgs(secrets.token_bytes(32), desk.alder.address, 1, Energy(2_000), PRICE)
    data = Token.encode_approve_and_call(manifest.current, args.cost, args)
    [receipt] = Authority(desk.birch, client).send([Transaction(manifest.token, data)])
    assert receipt.succeeded
    assert inspect(client, manifest).markets[0].escrow == args.cost
    return args.id(manifest.chain_id, manifest.current, desk.birch.address)


def test_a_stranger_replaces_and_pauses_nothing(office: Office) -> None:
    client, desk = office.chain.client, office.desks[-1]
    manifest = deploy(Authority(desk.account, client), client, TERMS, desk.admissions)
    stranger = Authority(office.key[0], client)
    before = client.nonce(office.key[0].address)
    with pytest.raises(DeploymentFailed, match="is not the authority"):
        replace_market(stranger, client, manifest, terms_of(client, manifest.current))
    file = office.folder / "another.json"
    manifest.save(file)
    ran = commonwatt("contracts", "pause-orders", *office.words(office.chain.url), "--manifest", file)
    assert ran.returncode == 69
    assert "is not the authority of the market" in ran.stderr
    assert client.nonce(office.key[0].address) == before


def test_a_household_asks_to_join_is_admitted_suspended_and_admitted_again(office: Office) -> None:
    client, file, wish = office.chain.client, office.folder / "joined.json", office.folder / "elm.request"
    admissions = office.desks[0].admissions
    manifest = deploy(Authority(office.registrar[0], client), client, TERMS, admissions)
    manifest.save(file)
    config = household(office.folder / "elm", office.chain.url)
    asked = commonwatt("chain", "request", wish, "--config", config, "--json")
    assert asked.returncode == 0, asked.stderr
    account = json.loads(asked.stdout)["account"]
    by = (*words(office.chain.url, office.registrar), "--manifest", file)
    registry = Registry(client, manifest.registry)
    assert not registry.admitted(account)

    granted = commonwatt("chain", "admit", wish, *by, "--gas-credit", "0.5")
    assert granted.returncode == 0, granted.stderr
    entry = registry.household(account)
    assert entry == Household(account, "elm", Role.CONSUMER, entry.enode if entry else "", "127.0.1.31:15555")
    assert entry.enode.endswith("@127.0.1.31:30303")
    assert client.balance(account) == ETHER // 2
    again = json.loads(commonwatt("chain", "admit", wish, *by, "--gas-credit", "0.5", "--json").stdout)
    assert (again["admitted"], again["was"], client.balance(account)) == (True, True, ETHER // 2)

    assert commonwatt("chain", "suspend", "elm", *by).stdout == "elm is suspended\n"
    assert not registry.admitted(account)
    assert commonwatt("chain", "suspend", account, *by).stdout == "elm is suspended, as it was\n"
    assert commonwatt("chain", "admit", wish, *by).returncode == 0
    assert registry.admitted(account)

    unknown = commonwatt("chain", "suspend", "oak", *by)
    assert unknown.returncode == 64
    assert "the registry lists no oak; it lists alder, birch, elm" in unknown.stderr
    other = household(office.folder / "other", office.chain.url)
    assert commonwatt("chain", "request", wish, "--config", other).returncode == 0
    refused = commonwatt("chain", "admit", wish, *by)
    assert refused.returncode == 1
    assert "elm is the name of" in refused.stdout
    wish.write_text(wish.read_text().replace('"elm"', '"ash"'))
    forged = commonwatt("chain", "admit", wish, *by)
    assert forged.returncode == 78
    assert "was not signed by" in forged.stderr
    assert len(registry.households()) == 3


def household(folder: Path, rpc: str) -> Path:
    """The configuration of a household called Elm, with a key and a node of its own."""
    folder.mkdir()
    make_key(folder, "key")
    create_node_key(folder / "node.key")
    place = folder / "household.yml"
    place.write_text(
        yaml.safe_dump(
            {
                "household": {"name": "elm", "role": "consumer"},
                "account": {"keystore": "key.json", "password_file": "key.password"},
                "chain": {
                    "rpc": rpc,
                    "node": {"listen": "127.0.1.31:30303", "data": "chain", "key_file": "node.key"},
                },
                "relay": {"listen": "127.0.1.31:15555", "pins": {"driver": "rpi-gpio"}},
            }
        )
    )
    return place
