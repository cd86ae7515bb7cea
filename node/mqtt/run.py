"""`commonwatt mqtt run`: tell the broker what the household does, every few seconds, until stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chain.daemon import Misconfigured, Stop, run_every, sd_ready
from chain.private import read_private
from node.dapp.household import Household
from node.dapp.sources import observe
from node.mqtt.messages import discovery, parts
from node.mqtt.publisher import Publisher
from store.snapshot import boottime

if TYPE_CHECKING:
    from node.mqtt.settings import MqttSettings


def run(settings: MqttSettings, house: Household, stop: Stop) -> int:
    """Publish until stopped.

    Raises:
        Misconfigured: there is no broker in the configuration. ChainError: the password cannot be read.
    """
    if settings.broker is None:
        raise Misconfigured("mqtt.broker is not set: write the broker's address and port, 10.0.0.5:1883")
    password = None
    if settings.password_file is not None:
        password = read_private(settings.password_file).decode().strip()
    root = f"{settings.prefix}/{house.name}"
    found = discovery(house, root, settings.discovery, settings.every) if settings.discovery else ()
    greeting = list(found)
    publisher = Publisher(root, lambda: greeting)
    publisher.begin(settings.broker, settings.user, password, tls=settings.tls)
    sd_ready()

    def tell() -> None:
        publisher.tell(parts(house, observe(house, time.time(), boottime())))

    try:
        run_every(settings.every, tell, stop)
    finally:
        publisher.end()
    return 0
