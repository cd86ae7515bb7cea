from __future__ import annotations

from threading import Event

from node.logger.recorder import Periodic


def test_what_nobody_foresaw_ends_no_keeper() -> None:
    tried = [Event(), Event()]

    def breaks() -> None:
        (tried[1] if tried[0].is_set() else tried[0]).set()
        raise OverflowError("Python int too large to convert to SQLite INTEGER")

    keeper = Periodic("registers", 0.01, breaks)
    assert tried[1].wait(2), "it was tried again"
    keeper.stop()
    assert keeper.ended(2)
