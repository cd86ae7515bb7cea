"""Installation day: move one contact by hand, and see whether all that watches it agrees.

The relay server is stopped meanwhile. Whatever happens, every coil is released at the end, feeds and ties
first, then home, with the dead time between two sources.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from relay_server.acts import HOME
from relay_server.drivers.interface import Pins

if TYPE_CHECKING:
    from relay_server.settings import RelaySettings

LOOK = 0.005
"""Seconds between two looks at an auxiliary contact."""


class Verdict(StrEnum):
    """What a look came to."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Nothing is wired that could tell: somebody has to look and listen."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """One change of one coil."""

    contact: int
    energised: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What became of a move."""

    move: Move
    verdict: Verdict
    text: str


def moves(settings: RelaySettings, contact: int) -> tuple[Move, ...]:
    """The coil and back; around a tie home is opened first, so that two sources never meet."""
    there_and_back = (Move(contact=contact, energised=True), Move(contact=contact, energised=False))
    if contact not in {tie.contact for tie in settings.ties}:
        return there_and_back
    return (Move(contact=HOME, energised=True), *there_and_back, Move(contact=HOME, energised=False))


def try_contact(
    settings: RelaySettings,
    contact: int,
    pins: Pins,
    *,
    hold: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> Generator[Seen]:
    """Move a contact there and back; what is seen of each move comes as soon as it is known.

    A contact that does not follow ends the trial: its partner is never closed.

    Args:
        hold: seconds to stay energised, for whoever looks and listens.
        clock: monotonic seconds.
        pause: waits.
    """
    numbers = pin_numbers(settings)
    try:
        for move in moves(settings, contact):
            pin = numbers[move.contact]
            seen = _moved(move, pins, pin, follow=settings.follow, clock=clock, pause=pause)
            yield seen
            if seen.verdict is Verdict.BAD:
                return
            pause(hold if move.energised and move.contact == contact else settings.dead_time)
    finally:
        release(settings, pins, pause)


def release(settings: RelaySettings, pins: Pins, pause: Callable[[float], None]) -> None:
    """Release every coil; one that cannot be driven keeps no other energised."""
    numbers = pin_numbers(settings)
    failed: OSError | None = None
    for contact in sorted(numbers, reverse=True):  # home, 0, comes last
        if contact == HOME:
            pause(settings.dead_time)
        try:
            pins.drive(numbers[contact], False)
        except OSError as error:
            failed = error
    if failed is not None:
        raise failed


def pin_numbers(settings: RelaySettings) -> dict[int, int]:
    """The pin of each contact, home included."""
    numbers = {each.contact: each.pin for each in (*settings.feeds, *settings.ties)}
    return numbers | ({HOME: settings.transfer.home_pin} if settings.transfer else {})


def _moved(
    move: Move,
    pins: Pins,
    pin: int,
    *,
    follow: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> Seen:
    begun = clock()
    try:
        pins.drive(pin, move.energised)
    except OSError as error:
        return Seen(move=move, verdict=Verdict.BAD, text=f"its output cannot be driven: {error}")
    try:
        while (followed := pins.followed(pin)) is False and clock() - begun < follow:
            pause(LOOK)
    except OSError as error:
        return Seen(move=move, verdict=Verdict.BAD, text=f"its auxiliary contact cannot be read: {error}")
    took = f"{(clock() - begun) * 1_000:.0f} ms"
    match followed:
        case True:
            return Seen(move=move, verdict=Verdict.GOOD, text=f"its auxiliary contact follows after {took}")
        case False:
            text = f"its auxiliary contact has not followed after {took}: is it wired to this output?"
            return Seen(move=move, verdict=Verdict.BAD, text=text)
        case None:
            return Seen(
                move=move,
                verdict=Verdict.UNKNOWN,
                text="no auxiliary contact is wired: look and listen whether it moved",
            )
