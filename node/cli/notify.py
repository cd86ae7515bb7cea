"""`commonwatt notify`: tell people what is wrong when nobody looks at the pages."""

from __future__ import annotations

import time

import click

from chain.errors import Misconfigured
from node import lean
from node.cli.listing import Listing
from node.cli.options import answer, json_option, with_settings
from node.config import Settings

NOTHING = "Nothing is wrong."
NOBODY = (
    "nobody is told: add somebody on the pages (Settings, Notifications), or write the path of a file with "
    "one Apprise address a line as notifications.addresses"
)
FAILED = 1


@click.group(cls=Listing)
def notify() -> None:
    """Tell people what is wrong: by e-mail, ntfy, Telegram and others."""


@notify.command()
@with_settings
def run(settings: Settings) -> None:
    """Look every few seconds, and tell what lasts, until stopped."""
    lean.become("notify", settings)


@notify.command()
@json_option
@with_settings
def test(settings: Settings, as_json: bool) -> None:
    """Send a message to everybody now, and show who took it. Exit code 1 when somebody did not."""
    from node.dapp.words import capital  # noqa: PLC0415 - not for its neighbours
    from node.notify.run import everybody_of, trial  # noqa: PLC0415

    everybody = everybody_of(settings.notifications.addresses, settings.paths.state)
    if not everybody.anybody:
        raise Misconfigured(NOBODY)
    told = everybody.tell(*trial(capital(settings.household.name)), urgent=False)
    lines = [
        f"{service}: {'told' if took else 'NOT told; is the address right, and the network there?'}"
        for service, took in told
    ]
    answer(
        as_json, {"told": [{"service": service, "took": took} for service, took in told]}, "\n".join(lines)
    )
    if not all(took for _, took in told):
        raise click.exceptions.Exit(FAILED)


@notify.command()
@json_option
@with_settings
def alerts(settings: Settings, as_json: bool) -> None:
    """Show what is wrong now. Exit code 1 when something is critical."""
    from node.alerts import Severity, gather, judge  # noqa: PLC0415 - not for its neighbours
    from node.dapp.household import from_settings  # noqa: PLC0415
    from node.dapp.sources import observe  # noqa: PLC0415
    from store.snapshot import boottime  # noqa: PLC0415

    house = from_settings(settings)
    booted = boottime()
    found = judge(house, gather(house, observe(house, time.time(), booted), booted))
    lines = [f"{alert.severity}: {alert.says}\n  {alert.act}" for alert in found]
    answer(as_json, {"alerts": [vars(alert) for alert in found]}, "\n".join(lines) or NOTHING)
    if any(alert.severity is Severity.CRITICAL for alert in found):
        raise click.exceptions.Exit(FAILED)
