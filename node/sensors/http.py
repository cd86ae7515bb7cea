"""Any meter that answers HTTP with JSON: a Shelly, a Tasmota plug, an inverter, somebody's own script.

    load:
      driver: http
      url: http://10.0.0.20/rpc/Switch.GetStatus?id=0
      values: {power: apower, voltage: voltage, current: current, forward: aenergy.total}
      units: {forward: Wh}

Units that are not named are V, A, W, kWh and %. A device that says when it measured (`timestamp`, Unix
seconds) is as old as it says; one that does not is as old as its answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain import options
from node.sensors import payload, units, web
from node.sensors.driver import Measurement
from node.sensors.errors import SensorError
from node.sensors.other_clock import OtherClock
from store.snapshot import boottime

LONGEST = 1_800
"""Milliseconds: the logger takes a driver that does not return for 2 s for hung."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: http`."""

    url: str
    values: Mapping[str, str]
    """Quantity → path in the document: `{power: ENERGY.Power}`."""

    units: Mapping[str, str] = field(default_factory=dict)
    """Quantity → unit, where it is not V, A, W, kWh or %."""

    timestamp: str | None = None
    """Path of the time at which the device measured, Unix seconds."""

    user: str | None = None
    password_file: str | None = None
    timeout: int = 1_000
    """Milliseconds for an answer."""

    invert: bool = False
    """Its power and current are the meter's the other way round; forward and reverse change places."""

    def __post_init__(self) -> None:
        web.checked("url", self.url)
        options.within("timeout", self.timeout, 100, LONGEST)
        payload.picture(self.values, self.units)
        if not self.values:
            raise options.OptionRefused("values: name at least one: {power: ENERGY.Power}")
        web.paired(self.user, self.password_file)


class HttpMeter:
    """Entry point `http` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Read the options; the first `read` connects.

        Raises:
            OptionsRefused: the password's file cannot be used.
        """
        o = self._options = options.read(Options, given)
        self._picture = payload.picture(o.values, o.units)
        self._time = None if o.timestamp is None else payload.moment(o.timestamp)
        self._clock = OtherClock()
        self._login = web.login(o.user, o.password_file)
        self._device = web.Device("the meter", o.timeout)

    def read(self) -> Sequence[Measurement]:
        """What the device shows.

        Raises:
            SensorError: it does not answer, or not with sense.
        """
        asked = boottime()
        document = self._device.ask(self._options.url, login=self._login)
        try:
            found = payload.values(document, self._picture)
            taken = asked
            if self._time is not None:
                taken = self._clock.taken(payload.said(document, self._time), time.time(), asked)
        except SensorError as error:
            raise SensorError(f"the meter at {self._options.url} {error}") from error
        if not found:
            raise SensorError(
                f"the meter at {self._options.url} shows none of {', '.join(self._options.values.values())}: "
                "correct values"
            )
        if self._options.invert:
            found = units.inverted(found)
        return [Measurement(quantity, value, taken) for quantity, value in found.items()]

    def close(self) -> None:
        """Hang up."""
        self._device.close()
