"""What goes on in a thread while a test looks at something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def alongside(work: Callable[[Event], object]) -> Iterator[None]:
    """Work until the end of the block, of which the event tells it."""
    over = Event()
    thread = Thread(target=work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def repeating(act: Callable[[], object], every: float) -> Iterator[None]:
    """Do something every so many seconds, as processes publish what they know."""

    def again(over: Event) -> None:
        while not over.wait(every):
            act()

    with alongside(again):
        yield
