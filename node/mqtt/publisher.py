"""The connection to the broker: kept up by the library, told everything anew whenever it comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from chain.endpoint import host_and_port
from node.mqtt.messages import Message, Part, presence, state

log = structlog.get_logger(__name__)

KEEP_ALIVE = 15
"""Seconds after which a silent connection is tried; the broker publishes the will after one and a half."""

RECONNECT = (1, 30)
"""Seconds between two tries, from first to longest."""


class Publisher:
    """Publishes below one root topic."""

    def __init__(self, root: str, greeting: Callable[[], Iterable[Message]]) -> None:
        """Prepare; nothing is connected yet.

        Args:
            root: topic of the household.
            greeting: what is published first after each connection.
        """
        self._root, self._greeting = root, greeting
        self._lock = Lock()
        self._alive: dict[str, bool] = {}
        """What the broker knows of each part; empty after a connection."""
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(*RECONNECT)
        self._client.on_connect, self._client.on_disconnect = self._connected, self._lost
        will = presence(root, alive=False)
        self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)

    def begin(self, broker: str, user: str | None, password: str | None, *, tls: bool) -> None:
        """Connect in a thread of the library's, again and again; nobody is waited for."""
        if user is not None:
            self._client.username_pw_set(user, password)
        if tls:
            self._client.tls_set()
        host, port = host_and_port(broker)
        self._client.connect_async(host, port, KEEP_ALIVE)
        self._client.loop_start()

    def tell(self, parts: Iterable[Part]) -> None:
        """Publish states, and which parts have come or gone; nothing while there is no connection."""
        if not self._client.is_connected():
            return
        for part in parts:
            alive = part.state is not None
            with self._lock:
                changed = self._alive.get(part.name) is not alive
                self._alive[part.name] = alive
            if changed:
                self._publish(presence(f"{self._root}/{part.name}", alive))
            told = state(self._root, part)
            if told is not None:
                self._publish(told)

    def end(self) -> None:
        """Say that nothing follows, and hang up."""
        if self._client.is_connected():
            farewell = presence(self._root, alive=False)
            sent = self._client.publish(farewell.topic, farewell.payload, qos=1, retain=True)
            sent.wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, message: Message) -> None:
        qos = 1 if message.retain else 0
        self._client.publish(message.topic, message.payload, qos=qos, retain=message.retain)

    def _connected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("broker_refuses", reason=str(reason))
            return
        log.info("broker_connected", root=self._root)
        with self._lock:
            self._alive.clear()
        for message in self._greeting():
            self._publish(message)
        self._publish(presence(self._root, alive=True))

    def _lost(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        log.info("broker_lost", reason=str(reason))
