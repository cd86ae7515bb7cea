"""What is behind a page's routes, loaded when somebody first comes there: the pages' process stays small."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from flask.typing import ResponseReturnValue


class Behind(Protocol):
    """Calls a function of the module."""

    def __call__(self, name: str, *arguments: str) -> ResponseReturnValue:
        """By its name."""
        ...


def behind(module: str) -> Behind:
    """The functions of a module of `node.dapp` that is not loaded yet."""

    def call(name: str, *arguments: str) -> ResponseReturnValue:
        answer: ResponseReturnValue = getattr(import_module(f"node.dapp.{module}"), name)(*arguments)
        return answer

    return call
