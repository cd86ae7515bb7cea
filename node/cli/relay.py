"""`commonwatt relay`: run the relay server, look at its contacts, and what only its operator may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chain.errors import Misconfigured, Unavailable
from node import lean
from node.cli.listing import Listing
from node.cli.options import answer, json_option, with_settings
from node.config import Settings
from node.daemons import RECORDS
from relay_server.settings import RelaySettings

if TYPE_CHECKING:
    from relay_server.messages import ContactState
    from relay_server.trying import Seen as Trial

WHEN = "A running one does so within a second, else the next one at its start."

contact_argument = click.argument("contact", type=click.IntRange(min=0))
why_option = click.option(
    "--reason", required=True, help="Shown to whoever asks for the contact; kept in the audit log."
)
reason_option = click.option("--reason", default="", help="Kept in the audit log.")


@click.group(cls=Listing)
def relay() -> None:
    """The relay server and its contacts."""


@relay.command()
@with_settings
def run(settings: Settings) -> None:
    """Switch the household's contacts until stopped; then every coil is released."""
    lean.become("relay", settings)


@relay.command()
@json_option
@with_settings
def state(settings: Settings, as_json: bool) -> None:
    """Show how the contacts stand, as the running relay server tells it."""
    from relay_server.client import RelayClient  # noqa: PLC0415 - only who looks needs it

    with RelayClient(section(settings).listen, None, None, None) as client:
        hello, contacts = client.hello(), client.state()
    facts = {
        "relay": hello.relay,
        "chain_id": hello.chain_id,
        "market": hello.market,
        "head": hello.head,
        "head_age_ms": hello.head_age_ms,
        "contacts": [_facts(contact) for contact in contacts],
    }
    lines = [f"relay of {hello.relay}, at block {hello.head}, told {hello.head_age_ms / 1000:.1f} s ago"]
    answer(as_json, facts, "\n".join(lines + [_line(contact) for contact in contacts]))


@relay.command(name="try")
@contact_argument
@click.option(
    "--hold", type=click.FloatRange(0, 60), default=2.0, show_default=True, help="Seconds energised."
)
@click.option("--yes", is_flag=True, help="Do not ask whether it is safe.")
@with_settings
@click.pass_context
def try_(context: click.Context, settings: Settings, contact: int, hold: float, yes: bool) -> None:
    """Move CONTACT (0 is home) there and back, on installation day, with the relay server stopped.

    Shows what its auxiliary contact says of it. Around a tie home is opened first. At the end every coil is
    released, whatever happens. Exit code 1 when a contact does not follow.
    """
    import signal  # noqa: PLC0415
    import time  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    from relay_server import host, trying  # noqa: PLC0415
    from relay_server.hands import Hands  # noqa: PLC0415
    from relay_server.patient import PatientPins  # noqa: PLC0415

    chosen, contacts = one_of(settings, contact), section(settings)
    with host.listening(contacts):  # a running relay server, or a second trial, is refused here
        if not yes:
            click.confirm("Is the line free of voltage and everybody's hands off the wires?", abort=True)
        for ending in (signal.SIGTERM, signal.SIGHUP):  # a lost ssh session, say: the coils come first
            signal.signal(ending, signal.default_int_handler)
        with closing(PatientPins(host.driver(contacts), Hands(time.monotonic))) as pins:
            trial = trying.try_contact(
                contacts, chosen, pins, hold=hold, clock=time.monotonic, pause=time.sleep
            )
            try:
                with closing(trial):
                    seen = [_shown(each) for each in trial]
            except OSError as error:
                raise Unavailable(
                    f"a coil may still be energised: {error}; switch the coils' supply off"
                ) from error
    click.echo("every coil is released")
    if any(each.verdict is trying.Verdict.BAD for each in seen):
        context.exit(1)


@relay.command()
@json_option
@with_settings
def wear(settings: Settings, as_json: bool) -> None:
    """Show how often each contact has moved, of what its maker says that it lives for."""
    from relay_server.records import open_records  # noqa: PLC0415
    from relay_server.wear import lives  # noqa: PLC0415
    from relay_server.wear import wear as worn  # noqa: PLC0415

    records = open_records(settings.paths.state / RECORDS)
    used, boots = worn(lives(section(settings)), records.operations()), records.boots()
    facts = {
        "boots": boots,
        "contacts": [
            {"contact": each.contact, "operations": each.operations, "life": each.life, "used": each.used}
            for each in used
        ],
    }
    lines = [
        f"  {'home' if each.contact == 0 else each.contact!s:<6} {each.operations} of {each.life} operations"
        f", {each.used:.1%}{'  REPLACE IT' if each.worn else ''}"
        for each in used
    ]
    answer(as_json, facts, "\n".join([f"starts: {boots}", *lines]))


@relay.command()
@contact_argument
@reason_option
@with_settings
def renew(settings: Settings, contact: int, reason: str) -> None:
    """Count the operations of CONTACT (0 is home) from zero, for it was replaced."""
    from relay_server import instructions  # noqa: PLC0415

    instructions.renew(settings.paths.state / RECORDS, one_of(settings, contact), reason)
    click.echo(f"told: the relay counts contact {contact} from zero. {WHEN}")


@relay.command()
@click.argument("buyer")
@contact_argument
@reason_option
@with_settings
def forgive(settings: Settings, buyer: str, contact: int, reason: str) -> None:
    """Write off what BUYER (an account) owes at the feed CONTACT."""
    from relay_server import instructions  # noqa: PLC0415

    if contact not in {feed.contact for feed in section(settings).feeds}:
        raise click.BadParameter(f"{contact} is not one of the feeds in relay.feeds", param_hint="CONTACT")
    try:
        instructions.forgive(settings.paths.state / RECORDS, buyer, contact, reason)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="BUYER") from error
    click.echo(f"told: the relay forgives what {buyer} owes at contact {contact}. {WHEN}")


@relay.command()
@contact_argument
@reason_option
@with_settings
def clear(settings: Settings, contact: int, reason: str) -> None:
    """Clear the latched fault of CONTACT (0 is home), after looking at the contact itself."""
    from relay_server import instructions  # noqa: PLC0415

    instructions.clear(settings.paths.state / RECORDS, one_of(settings, contact), reason)
    click.echo(f"told: the relay clears the fault of contact {contact}, if there is one. {WHEN}")


@relay.command()
@contact_argument
@why_option
@with_settings
def lock(settings: Settings, contact: int, reason: str) -> None:
    """Open CONTACT (0 is home, which then is not left) and keep it open, to work on it.

    No command from the network overrides it; it lasts over restarts, until `commonwatt relay unlock`.
    """
    from relay_server import instructions  # noqa: PLC0415

    instructions.lock(settings.paths.state / RECORDS, one_of(settings, contact), reason)
    click.echo(f"told: the relay opens contact {contact} and locks it out. {WHEN}")
    click.echo("Look before you touch it: commonwatt relay state")


@relay.command()
@click.argument("contact", type=click.IntRange(min=0), required=False)
@click.option("--all", "everything", is_flag=True, help="Every contact, as after `commonwatt relay home`.")
@reason_option
@with_settings
def unlock(settings: Settings, contact: int | None, everything: bool, reason: str) -> None:
    """Take the lock-out of CONTACT off, having made sure that nobody works on it any more."""
    from relay_server import instructions  # noqa: PLC0415

    if (contact is None) is not everything:
        raise click.UsageError("name one CONTACT, or --all")
    chosen = [one_of(settings, contact)] if contact is not None else contacts_of(section(settings))
    for each in chosen:
        instructions.unlock(settings.paths.state / RECORDS, each, reason)
    click.echo(f"told: the relay takes the lock-out of {', '.join(map(str, chosen))} off. {WHEN}")


@relay.command()
@why_option
@with_settings
def home(settings: Settings, reason: str) -> None:
    """Emergency: open every feed, go home, and lock all of it until `commonwatt relay unlock --all`."""
    from relay_server import instructions  # noqa: PLC0415

    section(settings)
    instructions.everything_home(settings.paths.state / RECORDS, reason)
    click.echo(f"told: everything home. {WHEN}")


@relay.group()
def audit() -> None:
    """The log of every transition, each entry chained to the one before."""


@audit.command()
@json_option
@with_settings
@click.pass_context
def verify(context: click.Context, settings: Settings, as_json: bool) -> None:
    """Recompute the audit log's chain of hashes. Exit code 1 when an entry was changed or removed."""
    from relay_server import audit as log  # noqa: PLC0415

    match log.verify(settings.paths.state / RECORDS):
        case log.Intact(entries=entries, head=head):
            facts = {"intact": True, "entries": entries, "head": head.hex()}
            answer(as_json, facts, f"intact: {entries} entries, the last is {head.hex()}")
        case log.Broken(seq=seq, why=why):
            answer(as_json, {"intact": False, "entry": seq, "why": why}, f"broken at entry {seq}: {why}")
            context.exit(1)


def section(settings: Settings) -> RelaySettings:
    """The relay's section, which a household without contacts leaves out.

    Raises:
        Misconfigured: it is not there.
    """
    if settings.relay is None:
        raise Misconfigured(
            "there is no section `relay` in the configuration: this household has no contacts"
        )
    return settings.relay


def contacts_of(relay: RelaySettings) -> list[int]:
    """The numbers of every contact, home's first."""
    return [*([0] if relay.transfer else []), *(c.contact for c in (*relay.feeds, *relay.ties))]


def one_of(settings: Settings, contact: int) -> int:
    """A contact that is configured.

    Raises:
        click.BadParameter: it is not.
    """
    there = contacts_of(section(settings))
    if contact not in there:
        known = ", ".join(map(str, sorted(there))) or "none"
        raise click.BadParameter(f"there is no contact {contact}; there are: {known}", param_hint="CONTACT")
    return contact


def _shown(seen: Trial) -> Trial:
    name = "home" if seen.move.contact == 0 else f"contact {seen.move.contact}"
    verb = "energised" if seen.move.energised else "released"
    click.echo(f"{name} {verb}: {seen.text}")
    return seen


def _facts(contact: ContactState) -> dict[str, object]:
    return {
        "contact": contact.contact,
        "kind": str(contact.kind),
        "closed": contact.closed,
        "order": contact.order.hex() if contact.order else None,
        "lease_ms": contact.lease_ms,
        "fault": contact.fault,
        "locked": contact.locked,
    }


def _line(contact: ContactState) -> str:
    name = "home" if contact.contact == 0 else f"{contact.kind} {contact.contact}"
    parts = [f"  {name:<10} {'closed' if contact.closed else 'open  '}"]
    if contact.lease_ms:
        parts.append(f"lease {contact.lease_ms / 1000:.1f} s")
    if contact.order:
        parts.append(f"order 0x{contact.order.hex()[:12]}…")
    if contact.fault:
        parts.append(f"FAULT: {contact.fault}")
    if contact.locked is not None:
        parts.append(f"LOCKED OUT: {contact.locked}")
    return "  ".join(parts)
