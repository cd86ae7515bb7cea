"""Do our own relay and the sellers' answer, and are they who they should be?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chain.client import ChainClient
from chain.errors import ChainError, Misconfigured
from node.config import Settings
from node.daemons import RECORDS
from node.doctor.findings import Failed, Finding, Ok, Warned
from node.doctor.storage import AS_ROOT
from node.wallet.address import own_address
from relay_server.acts import HOME
from relay_server.client import RelayClient
from relay_server.errors import RecordsMissing, RelayError, RelayUnreachable, RelayWaiting, WrongRelay
from relay_server.messages import ContactState
from relay_server.records import open_records
from relay_server.settings import RelaySettings
from relay_server.wear import Wear, lives, wear


def check(settings: Settings) -> Iterator[Finding]:
    """Say hello to every relay that this household knows."""
    chain_id = followed(settings)
    if settings.relay:
        yield from own(settings.relay.listen, account(settings), chain_id)
        yield from used(settings.relay, settings.paths.state / RECORDS)
    for name, seller in settings.sellers.items():
        yield sellers(name, seller.relay, seller.account, chain_id)


def account(settings: Settings) -> str | None:
    """Whose relay ours has to be; None when neither configuration nor keystore tells."""
    try:
        return own_address(settings.account)
    except Misconfigured:
        return None


def followed(settings: Settings) -> int | None:
    """The chain that our node follows, if it answers."""
    try:
        return ChainClient(settings.chain.rpc, settings.chain.timeout).chain_id()
    except ChainError:
        return None


def own(address: str, account: str | None, chain_id: int | None) -> Iterator[Finding]:
    """Our own relay: running, ours, and without faults."""
    with RelayClient(address, None, None, chain_id) as client:
        try:
            hello = client.hello()
            contacts = client.state()
        except WrongRelay as error:
            yield Failed(str(error), "correct relay.listen or chain.manifest")
            return
        except RelayWaiting as error:
            yield Failed(str(error), "see contracts; the relay goes on by itself")
            return
        except RelayUnreachable:
            yield Failed(
                f"our relay does not answer at {address}",
                "start it: commonwatt relay run, or systemctl start commonwatt-relay",
            )
            return
    if account is not None and hello.relay.lower() != account.lower():
        yield Failed(
            f"the relay at {address} is that of {hello.relay}, and this household is {account}",
            "correct relay.listen or account, then start the relay again",
        )
        return
    yield Ok(f"our relay answers at {address}, with {len(contacts)} contacts")
    yield from faults(contacts)


def faults(contacts: tuple[ContactState, ...]) -> Iterator[Finding]:
    """Latched faults and lock-outs, which only a person clears."""
    for contact in contacts:
        if contact.fault:
            yield Failed(
                f"contact {contact.contact} has a latched fault: {contact.fault}",
                f"look at its wiring, then: commonwatt relay clear {contact.contact}",
            )
        if contact.locked is not None:
            yield Warned(
                f"contact {contact.contact} is locked out: {contact.locked}",
                f"when nobody works on it any more: commonwatt relay unlock {contact.contact}",
            )


def used(settings: RelaySettings, path: Path) -> Iterator[Finding]:
    """How far our contacts are through the life that their makers state."""
    records = open_records(path)
    if not records.exist:
        return
    try:
        operations = records.operations()
    except RecordsMissing as error:
        yield Warned(f"how worn the contacts are cannot be told: {error}", AS_ROOT)
        return
    yield from worn(wear(lives(settings), operations))


def worn(contacts: tuple[Wear, ...]) -> Iterator[Finding]:
    """Contacts that are near the end of their rated life, or beyond it."""
    for each in contacts:
        if each.worn:
            name = "home" if each.contact == HOME else f"contact {each.contact}"
            yield Warned(
                f"{name} has moved {each.operations} times, {each.used:.0%} of its rated life",
                "replace it before it sticks or welds; the count goes on, so add the new one's life to "
                + ("relay.transfer.home_life" if each.contact == HOME else "its `life`"),
            )


def sellers(name: str, address: str, account: str, chain_id: int | None) -> Finding:
    """A seller's relay: there, and the account's that we would pay."""
    with RelayClient(address, account, None, chain_id) as client:
        try:
            client.hello()
        except WrongRelay as error:
            return Failed(f"sellers.{name}: {error}", f"correct sellers.{name}.account or .relay")
        except RelayError as error:
            return Warned(f"sellers.{name}: {error}", "it is left alone until it answers again")
    return Ok(f"{name}'s relay answers at {address}")
