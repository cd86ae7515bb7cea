"""A thread that looks now and then at what is not ours."""

from __future__ import annotations

import pytest

from chain.lookout import Lookout


class Looking(Lookout):
    """Meets one failure after another, then ends."""

    def __init__(self, *failures: Exception | None) -> None:
        super().__init__("looking", every=0.0, let_go=1.0, complaint="not-read", expected=(OSError,))
        self._failures = list(failures)

    def look(self) -> None:
        failure = self._failures.pop(0)
        if not self._failures:
            self.stop()
        if failure is not None:
            raise failure


def test_nothing_ends_it_and_the_same_trouble_is_told_once_until_it_was_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    busy = OSError("busy")
    Looking(busy, busy, None, busy, ValueError("odd"), ValueError("odd"))._run()
    told = [line.partition("level=")[2] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        "warning event=not-read error=busy",
        "warning event=not-read error=busy",
        """warning event=not-read error="ValueError('odd')\"""",
    ]
