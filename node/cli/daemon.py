"""How every daemon starts: its settings, its log lines, and the signals that end it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from chain.daemon import Stop, configure_logs
from node.cli.options import with_settings
from node.config import Settings


def daemon(run: Callable[[Settings, Stop], int]) -> Callable[..., Any]:
    """Make a command of a function that runs until it is told to stop, and answers an exit code.

    Those that log by structlog call `start_logs` first; the smallest do without (`chain.lines`).
    """

    @with_settings
    @click.pass_context
    @functools.wraps(run)
    def command(context: click.Context, settings: Settings) -> None:
        context.exit(run(settings, Stop().on_signals()))

    return command


def start_logs() -> None:
    """Log by structlog, loaded without rich, which it takes for coloured tracebacks where it is installed.

    That is 5 MB less in each of a household's daemons. Whoever wants rich may import it afterwards.
    """
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]
        try:
            import structlog  # noqa: F401, PLC0415
        finally:
            del sys.modules["rich"]
    configure_logs()
