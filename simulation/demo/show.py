"""How the demo tells what happens: plain lines, or a live table."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from simulation.demo.table import render
from simulation.demo.view import Row

NEWS = 6
"""Lines below the table."""


class Show(Protocol):
    """Somewhere to tell things."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the terminal is as before."""
        ...

    def tell(self, elapsed: float, line: str) -> None:
        """Something has happened."""
        ...

    def refresh(self, rows: Sequence[Row], heading: str) -> None:
        """The households as they are now."""
        ...


class Lines:
    """Plain lines on standard output."""

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""

    def tell(self, elapsed: float, line: str) -> None:
        """One line, with the seconds since the beginning."""
        print(f"{elapsed:7.1f} s  {line}", flush=True)

    def refresh(self, rows: Sequence[Row], heading: str) -> None:
        """Lines tell changes only."""


class Picture:
    """A table that changes in its place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4, auto_refresh=False)
        self._news: deque[str] = deque(maxlen=NEWS)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""
        self._live.stop()

    def tell(self, elapsed: float, line: str) -> None:
        """Below the table."""
        self._news.append(f"{elapsed:7.1f} s  {line}")

    def refresh(self, rows: Sequence[Row], heading: str) -> None:
        """Draw anew."""
        self._live.update(render(rows, heading, list(self._news)), refresh=True)
