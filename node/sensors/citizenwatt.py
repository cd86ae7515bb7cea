"""A CitizenWatt base station, or whatever else serves its API (another Commonwatt, too), as a sensor.

    load:
      driver: citizenwatt
      url: http://10.0.0.30:8080
      login: home
      password_file: /etc/commonwatt/base.password
      every: 8 s

Its sensor is a clamp around a wire that sends a value every eight seconds: power, with the voltage assumed.
The newest measure is asked for by time, since counting from the end (`by_id/-1`) finds nothing on the bases
in the field. Measures are as old as the base's own clock says, so it need not agree with ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain import options
from node.sensors import web
from node.sensors.driver import Measurement, Quality, Quantity
from node.sensors.errors import SensorError, SensorRefused
from node.sensors.other_clock import OtherClock
from store.snapshot import boottime

LOOK_BACK = 60
"""Seconds; an older measure is none any more."""

POLL = 2.0
"""Seconds between two questions; in between the last answer stands, with the time of its measure."""


LONGEST = 900
"""Milliseconds: the logger takes a driver that does not return for 2 s for hung."""


@dataclass(frozen=True)
class Options:
    """What stands beside `driver: citizenwatt`."""

    url: str
    """Of the base station, without a path."""

    login: str
    password_file: str
    sensor: int | None = None
    """Its number there; null where there is only one."""

    timeout: int = 800
    """Milliseconds for an answer; the first read needs three, any other two."""

    invert: bool = False
    """What it counts is the meter's reverse: panels on a meter of loads, say."""

    def __post_init__(self) -> None:
        web.checked("url", self.url)
        options.within("timeout", self.timeout, 100, LONGEST)


class CitizenWatt:
    """Entry point `citizenwatt` in `commonwatt.sensors`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Read the password; the first `read` connects.

        Raises:
            OptionsRefused: the password's file cannot be used.
        """
        o = self._options = options.read(Options, given)
        self._form = {"login": o.login, "password": web.password(o.password_file)}
        self._base = web.Device("the base station", o.timeout)
        self._sensor = o.sensor
        self._clock = OtherClock()
        self._last: Measurement | None = None
        self._asked = float("-inf")

    def read(self) -> Sequence[Measurement]:
        """The newest power.

        Raises:
            SensorRefused: wrong login, or it is not clear which sensor is meant.
            SensorError: the base does not answer, or has heard nothing of its sensor.
        """
        if self._last is None or boottime() - self._asked >= POLL:
            self._last = self._newest()
            self._asked = boottime()
        return (self._last,)

    def close(self) -> None:
        """Hang up."""
        self._base.close()

    def _newest(self) -> Measurement:
        if self._sensor is None:
            self._sensor = self._only()
        clock, heard = self._data("time"), boottime()
        if not isinstance(clock, int | float):
            raise SensorError(f"the base station says {clock!r} for the time: is the address right?")
        first, end = int(clock) - LOOK_BACK, int(clock) + 2
        measures = self._data(f"{self._sensor}/get/watts/by_time/{first}/{end}")
        if not measures:
            raise SensorError(
                f"the base station has heard nothing of its sensor {self._sensor} for {LOOK_BACK} s: look at "
                "the sensor's battery and its distance"
            )
        try:
            newest = max(measures, key=lambda measure: measure["timestamp"])
            watts, said = float(newest["value"]), float(newest["timestamp"])
            milliwatts = round(watts * 1_000) * (-1 if self._options.invert else 1)
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise SensorError(f"the base station sends no measures but {str(measures)[:60]}") from error
        return Measurement(
            Quantity.POWER, milliwatts, self._clock.taken(said, clock, heard), Quality.UNCERTAIN
        )

    def _only(self) -> int:
        sensors = self._data("sensors") or []
        try:
            names = {int(sensor["id"]): str(sensor["name"]) for sensor in sensors}
        except (TypeError, KeyError, ValueError) as error:
            raise SensorError(f"the base station sends no sensors but {str(sensors)[:60]}") from error
        if len(names) != 1:
            there = ", ".join(f"{number} ({name})" for number, name in names.items()) or "none"
            raise SensorRefused(f"name the sensor by the option 'sensor': the base station has {there}")
        return next(iter(names))

    def _data(self, path: str) -> Any:
        answer = self._base.ask(f"{self._options.url.rstrip('/')}/api/{path}", self._form)
        if not isinstance(answer, dict) or "data" not in answer:
            raise SensorError(f"{self._options.url} is no CitizenWatt base station: its answer has no data")
        return answer["data"]
