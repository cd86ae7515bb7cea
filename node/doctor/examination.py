"""All checks, one after another; one that cannot be made does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from node.config import ConfigError, Settings, load
from node.doctor import (
    chain,
    clock,
    contracts,
    first_run,
    keys,
    notify,
    pages,
    relay,
    sensors,
    storage,
    trading,
)
from node.doctor.findings import Failed, Finding, Ok

Check = Callable[[Settings], Iterable[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("first run", first_run.check),
    ("keys", keys.check),
    ("clock", clock.check),
    ("store", storage.check),
    ("chain", chain.check),
    ("contracts", contracts.check),
    ("sensors", sensors.check),
    ("relay", relay.check),
    ("trading", trading.check),
    ("pages", pages.check),
    ("notify", notify.check),
)


@dataclass(frozen=True)
class Entry:
    """A finding and the check that made it."""

    check: str
    finding: Finding


def examine(files: Sequence[Path]) -> Iterator[Entry]:
    """Check the household that these configuration files describe; entries come as they are found."""
    try:
        settings = load(files)
    except ConfigError as error:
        for problem in error.problems:
            what = f"{problem.key}: {problem.what}" if problem.key else problem.what
            yield Entry(
                "config", Failed(f"{problem.place}: {what}", "correct it; the rest was not looked at")
            )
        return
    yield Entry("config", Ok(f"{settings.household.name}: {' and '.join(map(str, files))} can be used"))
    waits = first_run.left_out(settings)
    for name, check in CHECKS:
        if name in waits:
            continue
        yield from (Entry(name, finding) for finding in guarded(check, settings))


def guarded(check: Check, settings: Settings) -> Iterator[Finding]:
    """A check's findings; if the check itself breaks, that as a finding."""
    try:
        yield from check(settings)
    except Exception as error:  # whatever it is, the other checks go on
        yield Failed(
            f"this check broke: {type(error).__name__}: {error}", "report it with your version of Commonwatt"
        )
