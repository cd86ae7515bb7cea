"""Are the contracts the neighbourhood's, and is this household admitted and able to pay its fees?"""

from __future__ import annotations

from collections.abc import Iterator

from chain.client import ChainClient
from chain.errors import ChainError, Misconfigured, Unreachable
from contracts import manifest as manifests
from contracts.bindings import Household, Registry, Token
from contracts.errors import ChainBehind, ContractsError, ManifestError
from node.config import Settings
from node.dapp.neighbourhood import LOW_GAS
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.statement.errors import StatementError
from node.statement.forecast import sentence
from node.statement.outlook import outlook
from node.wallet.address import own_address
from quantities import Tokens

DEEP = 2
"""Blocks below the head that are read: enough with up to three signers."""

OPERATOR = "ask the neighbourhood's operator"


def check(settings: Settings) -> Iterator[Finding]:
    """Verify manifest and code, then this household's place among them."""
    client = ChainClient(settings.chain.rpc, settings.chain.timeout)
    try:
        found = manifests.load(settings.chain.manifest)
        found.verify(client)
        yield Ok("token, registry and market are as deployed")
        account = own_address(settings.account)
        households = Registry(client, found.registry).households()
        if settings.account.first_run and account not in {each.account for each in households}:
            yield Warned(
                f"{account} is not in the registry yet",
                f"{OPERATOR} to admit it as {settings.household.name!r}, by the request that its pages have",
            )
            return
        yield admitted(account, settings.household.name, households)
        yield fees(client.balance(account))
        yield purse(Token(client, found.token).balance(account), buys=bool(settings.sellers))
        yield from lasting(client, found, account)
    except Unreachable:
        yield Failed(f"cannot be checked: no node answers at {settings.chain.rpc}", "see chain, above")
    except ChainBehind as error:
        yield Failed(str(error), "look again in a minute; commonwatt chain status shows how far it is")
    except ManifestError as error:
        yield Failed(str(error).removesuffix(f": {manifests.FIX}"), manifests.FIX)
    except Misconfigured as error:
        yield Failed(str(error), "see keys, above")
    except (ContractsError, ChainError) as error:
        yield Failed(str(error), f"{OPERATOR} for genesis and manifest, and look at chain.rpc")


def admitted(account: str, name: str, households: list[Household]) -> Finding:
    """Whether the registry knows this household under its name."""
    entry = next((h for h in households if h.account == account), None)
    if entry is None:
        return Failed(f"{account} is not in the registry", f"{OPERATOR} to admit it as {name!r}")
    if not entry.admitted:
        return Failed(f"{account} is suspended: it can neither offer nor buy", OPERATOR)
    if entry.name != name:
        return Warned(
            f"the registry calls this household {entry.name!r}, the configuration {name!r}",
            f"correct household.name, or {OPERATOR}",
        )
    return Ok(f"{name} is admitted")


def purse(balance: Tokens, *, buys: bool) -> Finding:
    """Whether there are tokens to buy with."""
    what = f"balance: {balance} tokens"
    if buys and not balance:
        return Warned(f"{what}: nothing can be bought", f"sell something first, or {OPERATOR} for tokens")
    return Ok(what)


def lasting(client: ChainClient, manifest: manifests.Manifest, account: str) -> Iterator[Finding]:
    """Whether the tokens last until the next usual top-up."""
    try:
        warned = outlook(client, manifest, account, max(client.block_number() - DEEP, 0))
    except StatementError as error:
        yield Warned(f"the household's movements contradict each other: {error}", OPERATOR)
        return
    if warned is not None:
        yield Warned(sentence(warned), "pay in with the neighbourhood's treasurer before")


def fees(wei: int) -> Finding:
    """Whether the gas credit lasts."""
    what = f"gas credit: {wei / 10**18:g}"
    if not wei:
        return Failed(f"{what}: no transaction can be sent", f"{OPERATOR} for a gas credit")
    return (
        Warned(f"{what}: enough for few transactions", f"{OPERATOR} for more") if wei < LOW_GAS else Ok(what)
    )
