from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import Any

from relay_server.authorisation import View
from relay_server.chain_view import ChainView


class GivenUp(Future[View]):
    """Its client gives up between a look at it and its answer."""

    def cancelled(self) -> bool:
        before = super().cancelled()
        self.cancel()
        return before

    def set_running_or_notify_cancel(self) -> bool:
        self.cancel()
        return super().set_running_or_notify_cancel()


def test_a_client_that_gives_up_at_the_last_moment_does_not_end_the_view() -> None:
    nothing: Any = None
    view = ChainView(nothing, tuple, lambda: 0.0)  # every look fails, and is survived
    answered: Future[View] = Future()
    view._waiting += [GivenUp(), answered]
    thread = Thread(target=view._run, daemon=True)
    thread.start()
    assert answered.result(2).stale
    view.stop()
    thread.join(2)
