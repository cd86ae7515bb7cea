"""Random schedules of SIGKILL over a neighbourhood: drawn from a seed alone, so that each can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

PROCESSES = ("client-interaction", "relay", "geth", "chain", "sealer", "logger", "dapp")
MOMENTS = ("buying", "supplied", "returning", "any")
"""What a trade is doing when a schedule begins."""

SPAN = 12.0
"""Seconds in which a schedule's kills fall: a supply's middle, its end, and its settlement are met."""

MOST = 4
"""Strikes of one schedule."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """What is killed at one moment."""

    after: float
    """Seconds from the schedule's beginning."""

    whose: str
    """"buyer" or "seller" of the trade that is met, else a household's name."""

    processes: tuple[str, ...]
    """Together."""

    def __str__(self) -> str:
        listed = "everything" if self.processes == PROCESSES else " and ".join(self.processes)
        return f"+{self.after:.1f} s {self.whose}'s {listed}"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One schedule."""

    seed: int
    moment: str
    strikes: tuple[Strike, ...]

    def __str__(self) -> str:
        return f"schedule {self.seed} ({self.moment}): " + ", ".join(map(str, self.strikes))


def draw(seed: int, households: Sequence[str]) -> Schedule:
    """The schedule of a seed."""
    random = Random(seed)
    strikes = [
        Strike(
            after=round(random.uniform(0, SPAN), 1),
            whose=random.choice(("buyer", "buyer", "seller", "seller", random.choice(households))),
            processes=victims(random),
        )
        for _ in range(random.randint(1, MOST))
    ]
    return Schedule(
        seed=seed,
        moment=random.choice(MOMENTS),
        strikes=tuple(sorted(strikes, key=lambda strike: strike.after)),
    )


def victims(random: Random) -> tuple[str, ...]:
    """Mostly one process, sometimes two, now and then all of a household."""
    number = random.choice((1, 1, 1, 1, 2, 2, len(PROCESSES)))
    return tuple(sorted(random.sample(PROCESSES, number), key=PROCESSES.index))
