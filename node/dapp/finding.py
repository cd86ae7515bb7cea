"""Devices that are looked for and tried, as the pages tell of it: pure but for `trace`.

The pages touch no bus: the logger, which may, does what is asked (`node.logger.attending`) and publishes what
comes of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from node.dapp.language import N_
from node.sensors import addable
from node.sensors.addable import Option
from node.sensors.answers import Answer, State
from node.sensors.asked import FILES, FOLDER, LASTING, Asked, What
from node.sensors.scanning import Found

GOOD_FOR = 600.0
"""Seconds for which what was found is shown: devices are plugged in and out."""

NO_LOGGER = N_(
    "The logger does not run, and it alone may use the buses and ports of this host, so nobody can look. "
    "At the box: commonwatt logger run, or commonwatt doctor."
)
NOBODY = N_(
    "The logger did not answer within a minute, so nothing was done. Does it run? See commonwatt doctor."
)
NOTHING = N_(
    "Nothing that answers is connected. Is its plug in, does it have its supply, are SDA and SCL the right "
    "way round? A meter on the network (Modbus over TCP, MQTT, HTTP) is not looked for: it is written into "
    "the configuration at the box."
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a scan or a try stands."""

    answer: Answer | None = None
    """As far as it has come; None: there is none to show."""

    age: float = 0.0
    """Seconds since it said something."""

    asked: bool = False
    """Somebody waits for it to begin."""

    problem: str = ""

    @property
    def going_on(self) -> bool:
        """Whether more will come of it."""
        return self.asked or (self.answer is not None and self.answer.state is State.GOING_ON)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One option in a form."""

    option: Option
    id: str
    value: str


def standing(
    what: What, answer: tuple[Answer, float] | None, waiting: Sequence[Asked], now: float, boot: str
) -> Standing:
    """How it stands with what was asked last.

    Args:
        answer: what the logger says, and how many seconds ago it said it.
        waiting: everything that was asked for lately, the oldest first.
        now: boottime seconds.
        boot: id of this boot.
    """
    shown, age = answer or (None, 0.0)
    if shown is not None and (age > GOOD_FOR or (shown.state is State.GOING_ON and age > LASTING)):
        shown = None
    last = next((each for each in reversed(waiting) if each.what is what), None)
    if last is None or (shown is not None and shown.id == last.id):
        return Standing(answer=shown, age=age)
    if last.age(now, boot) < LASTING:
        return Standing(answer=None, asked=True)
    return Standing(answer=shown, age=age, problem="" if shown is not None else NOBODY)


def fields(driver: str, given: Mapping[str, str], prefix: str) -> list[Field]:
    """What somebody may say of a device of this driver: not where it is.

    Args:
        prefix: of the fields' ids in their page.
    """
    return [
        Field(option=option, id=f"{prefix}-{option.name.replace('_', '-')}", value=given.get(option.name, ""))
        for option in addable.OPTIONS[driver]
        if not option.place
    ]


def places(given: Mapping[str, str]) -> dict[str, str]:
    """The options that say where a device is, and its driver."""
    known = [option.name for option in addable.OPTIONS[given["driver"]] if option.place]
    return {name: value for name, value in given.items() if name == "driver" or name in known}


def addables(found: Sequence[Found]) -> list[Found]:
    """What a page may try: a driver here knows it, and nobody uses it."""
    return [one for one in found if one.options and not one.used and not addable.refusal(one.options)]


def options(form: Mapping[str, str]) -> dict[str, str]:
    """The driver and its options out of a form; what is left empty is the driver's default."""
    driver = form.get("driver", "")
    known = addable.OPTIONS.get(driver, ())
    given = {option.name: form.get(option.name, "").strip() for option in known}
    return {"driver": driver, **{name: value for name, value in given.items() if value}}


def trace(run: Path, state: Path) -> str:
    """Changes with what is asked for, and with what comes of it."""
    found: list[object] = []
    with suppress(OSError):
        found += sorted(entry.name for entry in (state / FOLDER).iterdir())[:8]
    if found:
        found.append(time.time() // 5)
    for name in FILES.values():
        with suppress(OSError):
            found.append((run / name).stat().st_mtime_ns)
    return f"{hash(tuple(found)) & 0xFFFFFFFF:x}"
