"""One request of the pages, done in a process of its own, which the logger starts and ends.

    python -m node.logger.answering < JOB

It has the logger's rights on buses and ports, and none of its memory or threads: whatever a device or a
driver does to it, the meters are read on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from node.logger.trying import Trial
from node.sensors import answers, scanning
from node.sensors.answers import Answer, State
from node.sensors.asked import What
from node.sensors.driver import Measurement, open_sensor
from node.sensors.errors import SensorError
from node.sensors.scanning import Found
from node.sensors.used import Used

SAMPLES = 10
"""Of one try."""

EVERY = 1.0
"""Seconds between two of them."""

MOST_FAILURES = 3
"""In a row, after which it is given up."""

KINDLY = 10
"""Added to the process's niceness: meters that count come first."""

NO_I2C = (
    "There is no I²C bus here. On a Raspberry Pi switch it on, at the box: "
    "sudo raspi-config nonint do_i2c 0. Then look again."
)

OPTIONS_OF_ALL = frozenset({"rating", "every", "rollover"})
"""Of the sensor, not of its driver."""

Say = Callable[[Answer], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done."""

    id: str
    what: What
    options: Mapping[str, Any]
    """What to try: `driver`, and its options as YAML reads them."""

    written: Mapping[str, str]
    """The same as it was written."""

    used: Used
    run: Path
    """Where the answer is published."""


def dumps(job: Job) -> bytes:
    """As JSON."""
    chips = [[bus, address, whose] for (bus, address), whose in job.used.chips.items()]
    used = {"chips": chips, "ports": dict(job.used.ports)}
    return json.dumps({**vars(job), "used": used, "run": str(job.run)}).encode()


def loads(text: bytes) -> Job:
    """What `dumps` wrote, by our own logger."""
    given = json.loads(text)
    chips = {(bus, address): whose for bus, address, whose in given["used"]["chips"]}
    return Job(
        **{
            **given,
            "what": What(given["what"]),
            "used": Used(chips=chips, ports=given["used"]["ports"]),
            "run": Path(given["run"]),
        }
    )


def read_options(written: Mapping[str, str]) -> dict[str, Any]:
    """Options as YAML would read them; what may stand there is in `node.sensors.addable`."""
    return {name: value if name == "driver" else _value(value) for name, value in written.items()}


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    for read in (partial(int, base=0), float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def scan(job: Job, say: Say) -> None:
    """Look at every bus and port that nobody uses, and say each step."""
    there, ports = scanning.worth_looking(scanning.buses()), scanning.ports()
    found: list[Found] = []
    notes = [] if there else [NO_I2C]
    steps, answer = max(len(there) + len(ports), 1), Answer(id=job.id, state=State.GOING_ON)

    def tell(step: int, doing: str) -> None:
        say(replace(answer, share=100 * step // steps, doing=doing, found=tuple(found), notes=tuple(notes)))

    for step, bus in enumerate(there):
        tell(step, f"I²C bus {bus}")
        try:
            found += scanning.i2c_bus(bus, job.used)
        except SensorError as error:
            notes.append(_sentence(str(error)))
    for step, port in enumerate(ports, len(there)):
        tell(step, port.name)
        found.append(scanning.serial_port(port, job.used))
    say(replace(answer, state=State.DONE, share=100, found=tuple(found), notes=tuple(notes)))


def attempt(job: Job, say: Say) -> None:
    """Read a device for some seconds, and say each sample."""
    answer = Answer(id=job.id, state=State.GOING_ON, options=job.written, doing="opening it")
    driver = str(job.options["driver"])
    if whose := job.used.by(driver, job.options):
        say(replace(answer, state=State.FAILED, reason=f"It is in use by {whose}, so it was left alone."))
        return
    own = {name: value for name, value in job.options.items() if name not in {"driver", *OPTIONS_OF_ALL}}
    say(answer)
    failures = 0
    with Trial("tried", partial(open_sensor, "tried", driver, own)) as trial:
        for number, sample in enumerate(trial.samples(SAMPLES, EVERY), 1):
            answer = _heard(replace(answer, share=100 * number // SAMPLES, doing=""), sample)
            say(answer)
            failures = failures + 1 if answer.reason else 0
            if failures == MOST_FAILURES:
                break
    measured = bool(answer.samples) and not answer.reason
    say(replace(answer, state=State.DONE if measured else State.FAILED, share=100))


def _heard(answer: Answer, sample: Sequence[Measurement] | str) -> Answer:
    if isinstance(sample, str):
        return replace(answer, reason=_sentence(sample.removeprefix("sensors.tried: ")))
    return replace(
        answer,
        reason="",
        samples=answer.samples + 1,
        values={str(one.quantity): one.value for one in sample},
        quality=str(max(one.quality for one in sample)),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def main() -> int:
    """Do what stands on stdin."""
    with suppress(OSError):  # a host's unit may not change priorities
        os.nice(KINDLY)
    job = loads(sys.stdin.buffer.read())
    do = scan if job.what is What.SCAN else attempt
    do(job, lambda answer: answers.write(job.run, job.what, answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
