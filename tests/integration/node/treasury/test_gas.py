"""Gas credit topped up on a real chain: within the day's bounds, and once, whatever is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chain.client import ChainClient, Receipt
from chain.keys import Account
from chain.transactions import GWEI
from contracts.authority import Authority
from contracts.bindings import Market, OrderArgs, Token
from contracts.deploy import Transaction
from node.treasury import till
from node.treasury.book import Book
from node.treasury.faucet import Faucet
from node.treasury.gas import Bounds, Portion
from node.wallet.journal import Journal
from quantities import Energy, Price
from tests.integration.chain_node import ETHER
from tests.integration.killing_proxy import commonwatt, killing_proxy
from tests.integration.node.treasury.conftest import Bank
from tests.integration.node.treasury.dying import Killed, dies

BOUNDS = Bounds(all=1_000 * ETHER, household=1_000 * ETHER)
"""Nothing that holds anybody back: the tests share a chain and a day."""

LITTLE = ETHER // 10


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till, "LOOK", 0.1)


def wei(bank: Bank, name: str) -> int:
    return bank.client.balance(bank.households[name].address)


def empty(bank: Bank, name: str, left: int = LITTLE) -> None:
    """Have a household spend its ether, but for about so much."""
    spent = wei(bank, name) - left
    away = Transaction(Account.generate().address, value=spent)
    [receipt] = Authority(bank.households[name], bank.client).send([away])
    assert isinstance(receipt, Receipt)
    assert receipt.succeeded


def top_up(bank: Bank, bounds: Bounds = BOUNDS) -> dict[str, Portion]:
    with Faucet(ChainClient(bank.url), bank.manifest, bank.account, bank.book) as faucet:
        return {each.account.name: each for each in faucet.top_up(bounds)}


@pytest.fixture(scope="module", autouse=True)
def nobody_is_left_short(bank: Bank) -> Iterator[None]:
    """The package's other tests have the same households, and the bounds of a day."""
    yield
    top_up(bank)


@pytest.fixture
def short(bank: Bank) -> Iterator[str]:
    """A household with too little; nobody else has."""
    top_up(bank)
    empty(bank, "dogwood")
    yield "dogwood"


def test_who_is_short_is_filled_up_once(bank: Bank, short: str) -> None:
    [portion] = top_up(bank).values()
    assert portion.account.name == short
    assert portion.enough
    assert wei(bank, short) == ETHER
    assert top_up(bank) == {}
    assert wei(bank, short) == ETHER


STEPS = {
    "written down": (Book, "give"),
    "signed": (Journal, "sign"),
    "sent": (ChainClient, "send_raw"),
    "known to be sent": (Journal, "broadcast"),
    "in a block": (Journal, "mined"),
    "final": (Journal, "done"),
}
"""What the command does, in order."""

POINTS = [("written down", False), *((step, True) for step in STEPS)]


@pytest.mark.parametrize(("step", "after"), POINTS)
def test_a_command_that_is_killed_and_repeated_gives_once(
    bank: Bank, short: str, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    with closing(Book(bank.book)) as book:
        before = len(book.gifts())
    with monkeypatch.context() as patch:
        dies(patch, *STEPS[step], after=after)
        with pytest.raises(Killed):
            top_up(bank)
    top_up(bank)
    assert wei(bank, short) == ETHER
    with closing(Book(bank.book)) as book:
        assert len(book.gifts()) == before + 1
        assert book.journal.under_way() == []


def test_the_command_itself_survives_sigkill_and_tells(bank: Bank, short: str) -> None:
    asked = ("tokens", "gas", "--all", "1000", "--household", "1000", "--book", bank.book, *bank.words)
    ran = commonwatt(*asked, "--dry-run", "--json")
    assert ran.returncode == 0, ran.stderr
    [facts] = json.loads(ran.stdout)["short"]
    assert (facts["household"], facts["given_wei"]) == (short, "0")
    assert int(facts["had_wei"]) + int(facts["due_wei"]) == ETHER
    with killing_proxy(bank.url, "127.0.1.41") as proxy:
        through = [proxy.url if word == bank.url else word for word in asked]
        assert proxy.kill(through, at=1, after=True) == -9
    ran = commonwatt(*asked)
    assert (ran.returncode, ran.stdout.strip()) == (0, "everybody has what is needed"), ran.stderr
    assert wei(bank, short) == ETHER


def test_the_day_s_bound_holds_whatever_is_spent(bank: Bank, short: str, tmp_path: Path) -> None:
    """With a giver and a book of its own: the others' gifts count in their own day."""
    giver = Account.generate()
    [receipt] = Authority(bank.account, bank.client).send([Transaction(giver.address, value=5 * ETHER)])
    assert receipt.succeeded
    bounds = Bounds(household=ETHER)

    def give() -> list[Portion]:
        with Faucet(ChainClient(bank.url), bank.manifest, giver, tmp_path / "gas.db") as faucet:
            return faucet.top_up(bounds)

    [first] = give()
    assert wei(bank, short) == ETHER
    empty(bank, short)
    [second] = give()
    assert first.wei + second.wei == ETHER
    assert (second.bound, second.enough) == ("the bound of one household in a day", False)
    [third] = give()
    assert (third.wei, third.enough) == (0, False)
    assert wei(bank, short) == second.account.balance + second.wei


def test_open_orders_are_counted_for_buyer_and_seller(bank: Bank) -> None:
    market, price = bank.manifest.current, Price.parse("0.30")
    seller, buyer = bank.households["elm"], bank.households["fir"]
    offer = Market.encode_set_offer(1, price, Energy(2_000_000), 10**6, Energy(1_000))
    order = OrderArgs(bytes(31) + b"\1", seller.address, 1, Energy(100_000), price)
    bought = Token.encode_approve_and_call(market, order.cost, order)
    [offered] = Authority(seller, bank.client).send([Transaction(market, offer)])
    [ordered] = Authority(buyer, bank.client).send([Transaction(bank.manifest.token, bought)])
    assert offered.succeeded
    assert ordered.succeeded
    with Faucet(bank.client, bank.manifest, bank.account, bank.book) as faucet:
        faucet.finish()
        found = {each.name: each.settlements for each in faucet.accounts(bank.client.block_number())}
    assert found == {"alder": 0, "birch": 0, "cedar": 0, "dogwood": 0, "elm": 1, "fir": 2}


def test_a_giver_keeps_what_it_needs_itself(bank: Bank, short: str, tmp_path: Path) -> None:
    giver = Account.generate()
    [receipt] = Authority(bank.account, bank.client).send([Transaction(giver.address, value=ETHER // 10)])
    assert receipt.succeeded
    with Faucet(bank.client, bank.manifest, giver, tmp_path / "gas.db") as faucet:
        [portion] = faucet.top_up(Bounds())
    assert (portion.wei, portion.bound) == (0, "what the giving account has")
    assert bank.client.balance(giver.address) == ETHER // 10
    assert wei(bank, short) <= LITTLE + 10**6 * GWEI
