"""What can go wrong with a sensor.

SensorError             the device did not answer, or not with sense; it may do so later
├── NothingYet          all is well, but it has not measured since the driver was opened
└── SensorRefused       it cannot work as configured or installed: a person has to change something
    ├── UnknownDriver   no driver of this name is installed
    └── OptionsRefused  the driver does not know, or cannot use, an option
"""

from __future__ import annotations


class SensorError(Exception):
    """The device did not answer, or not with sense. Drivers raise it from `read`; the logger tries again."""


class NothingYet(SensorError):
    """All is well, but the device has not measured since the driver was opened: the driver keeps waiting."""


class SensorRefused(SensorError):
    """The sensor cannot work as configured or installed: a person has to change something."""


class UnknownDriver(SensorRefused):
    """No driver of this name is installed."""


class OptionsRefused(SensorRefused):
    """The driver does not know an option, or cannot use its value."""
