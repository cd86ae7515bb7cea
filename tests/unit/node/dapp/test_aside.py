from __future__ import annotations

import threading

from node.dapp.aside import Aside


def test_what_goes_on_is_not_begun_again() -> None:
    go_on, done = threading.Event(), list[str]()

    def work(name: str) -> None:
        go_on.wait()
        done.append(name)

    aside = Aside("test", work)
    assert not aside.begun
    aside.begin("first")
    aside.begin("second")
    go_on.set()
    aside.wait()
    aside.begin("third")
    aside.wait()
    assert done == ["first", "third"]
