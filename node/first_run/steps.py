"""What the first run consists of, what of it is done, and where it goes on. Pure: no file, no clock.

Most of it is read from what is true (a password, a key, an entry in the registry), and only what somebody has
to look at is ticked off. So it resumes where it was left, whatever was restarted, and is never done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from node.dapp.language import N_


class Step(StrEnum):
    """One page of the first run, in this order."""

    CLAIM = "claim"
    KEY = "key"
    BACKUP = "backup"
    JOIN = "join"
    SENSORS = "sensors"
    RELAY = "relay"
    LIMITS = "limits"
    START = "start"


class Key(StrEnum):
    """How far the household's key is."""

    UNKNOWN = "unknown"
    """Its owner says nothing: client-interaction does not run."""

    NONE = "none"
    UNPROVED = "unproved"
    """Made; nobody has shown yet that they have its backup."""

    PROVED = "proved"


TITLES = {
    Step.CLAIM: N_("Your password"),
    Step.KEY: N_("The key"),
    Step.BACKUP: N_("The key's backup"),
    Step.JOIN: N_("Ask to join"),
    Step.SENSORS: N_("Sensors"),
    Step.RELAY: N_("Contacts"),
    Step.LIMITS: N_("When to buy"),
    Step.START: N_("Start"),
}

TICKED = frozenset({Step.JOIN, Step.SENSORS, Step.RELAY, Step.LIMITS, Step.START})
"""What is done when somebody says so."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """How the household stands."""

    claimed: bool = False
    """Somebody made the first password."""

    key: Key = Key.UNKNOWN
    admitted: bool = False
    """By the registry."""

    ticked: frozenset[Step] = frozenset()
    """What somebody said is done; the backup, too, once it was proved."""


def done(step: Step, facts: Facts) -> bool:
    """Whether nothing is left to do at a step."""
    match step:
        case Step.CLAIM:
            return facts.claimed
        case Step.KEY:
            return facts.key in {Key.UNPROVED, Key.PROVED} or _proved_once(facts)
        case Step.BACKUP:
            return facts.key is Key.PROVED or _proved_once(facts)
        case Step.JOIN:
            return facts.admitted or Step.JOIN in facts.ticked
        case Step.SENSORS | Step.RELAY | Step.LIMITS | Step.START:
            return step in facts.ticked
        case _:
            assert_never(step)


def _proved_once(facts: Facts) -> bool:
    """Whether it is, as far as one knows while its owner says nothing. One who says that there is no key is
    believed: the box is another one, and the key is in its backup."""
    return facts.key is Key.UNKNOWN and Step.BACKUP in facts.ticked


def resume(facts: Facts) -> Step | None:
    """The first step that is not done; None: the first run is over."""
    return next((step for step in Step if not done(step, facts)), None)


def may_show(step: Step, facts: Facts) -> bool:
    """Whether a step's page says something now: it is due, or can be looked at again.

    Password, key and backup are done once and for all.
    """
    if step is resume(facts):
        return True
    return step in TICKED and all(done(each, facts) for each in before(step))


def may_tick(step: Step, facts: Facts) -> bool:
    """Whether somebody may say that a step is done. Nobody starts before the household is admitted."""
    if step not in TICKED or not may_show(step, facts):
        return False
    return step is not Step.START or facts.admitted


def before(step: Step) -> tuple[Step, ...]:
    """The steps that come before one."""
    order = tuple(Step)
    return order[: order.index(step)]
