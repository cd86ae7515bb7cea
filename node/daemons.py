"""The daemons that `node.lean` runs: each with what it needs of the household's settings, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chain.daemon import Stop, configure_logs

if TYPE_CHECKING:
    from node.config.settings import Settings

RECORDS = "relay.db"
"""In `paths.state`."""


def run_logger(settings: Settings, stop: Stop) -> int:
    """Log the household's meters until stopped."""
    from node.logger.run import run  # noqa: PLC0415 - each daemon pays for its own

    return run(
        settings.sensors,
        settings.battery,
        settings.readings,
        run_folder=settings.paths.run,
        state_folder=settings.paths.state,
        stop=stop,
        others={"the relay": settings.relay.pins} if settings.relay else {},
    )


def run_client_interaction(settings: Settings, stop: Stop) -> int:
    """Trade for the household until stopped."""
    configure_logs()
    from node.client_interaction.loop import run  # noqa: PLC0415 - each daemon pays for its own

    return run(settings, stop)


def run_relay(settings: Settings, stop: Stop) -> int:
    """Switch the household's contacts until stopped; then every coil is released."""
    configure_logs()
    from chain.client import ChainClient  # noqa: PLC0415 - each daemon pays for its own
    from chain.errors import Misconfigured  # noqa: PLC0415
    from node.first_run.owner import awaited  # noqa: PLC0415
    from node.wallet.address import own_address  # noqa: PLC0415
    from relay_server import app  # noqa: PLC0415

    if settings.relay is None:
        raise Misconfigured(
            "there is no section `relay` in the configuration: this household has no contacts"
        )
    account = own_address(settings.account) if not settings.account.first_run else awaited(settings, stop)
    if account is None:
        return 0
    return app.run(
        settings.relay,
        account,
        registers_directory=settings.paths.meters,
        state=settings.paths.state / RECORDS,
        client=ChainClient(settings.chain.rpc, settings.chain.timeout),
        manifest=settings.chain.manifest,
        stop=stop,
    )


def run_mqtt(settings: Settings, stop: Stop) -> int:
    """Tell an MQTT broker what the household does until stopped."""
    configure_logs()
    from node.dapp.household import from_settings  # noqa: PLC0415 - each daemon pays for its own
    from node.mqtt.run import run  # noqa: PLC0415

    return run(settings.mqtt, from_settings(settings), stop)


def run_notify(settings: Settings, stop: Stop) -> int:
    """Tell people what is wrong until stopped."""
    configure_logs()
    from node.agreement.lookout import others  # noqa: PLC0415 - each daemon pays for its own
    from node.dapp.household import from_settings  # noqa: PLC0415
    from node.dapp.ledger import Ledger  # noqa: PLC0415
    from node.dapp.outlook import Outlook  # noqa: PLC0415
    from node.notify.run import run  # noqa: PLC0415

    house = from_settings(settings)
    with others(house) as elsewhere:
        return run(settings.notifications, house, Outlook(house, Ledger(house)).says, elsewhere, stop)


DAEMONS: Mapping[str, Callable[[Settings, Stop], int]] = {
    "logger": run_logger,
    "client-interaction": run_client_interaction,
    "relay": run_relay,
    "mqtt": run_mqtt,
    "notify": run_notify,
}
