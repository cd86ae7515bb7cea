"""An operation of the API: a function from its parameters to its answer, and how it is served and described.

    @operation("/energy", scope=Scope.READINGS)
    def energy(asked: EnergyAsked) -> EnergyCounted:
        '''What a meter counted between two moments.'''

Parameters and answers are frozen dataclasses. An answer becomes JSON, with an ETag; one that is a `Table`
is a page of rows, with a cursor to the next, and comes as CSV too, streamed whole.
"""

from __future__ import annotations

import csv
import dataclasses
import inspect
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from itertools import chain, islice
from typing import Any, Generic, TypeVar, get_type_hints

import structlog
from flask import Response, request

from node.dapp.api import parameters
from node.dapp.api.entrance import demand
from node.dapp.api.problems import Problem
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.local_time import zone
from store.errors import StoreError

log = structlog.get_logger(__name__)

R = TypeVar("R")

CSV_TYPE = "text/csv"

ROWS_AT_ONCE = 500
"""Lines of a CSV file that are sent together."""


class Format(StrEnum):
    """How rows come: `json` in pages, `csv` all of them."""

    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, kw_only=True)
class Table(Generic[R]):
    """Rows to choose from: a page of them, or all."""

    row: type[R]
    rows: Iterable[tuple[str, R]]
    """From the cursor on, as many as are taken; each with the cursor to those after it."""
    limit: int
    head: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """What stands beside the rows of a page."""
    name: str = "export"
    """Of the CSV file."""


@dataclass(frozen=True)
class Operation:
    """One of them."""

    path: str
    scope: Scope | None
    """None: every token may."""
    asked: type[Any]
    answers: type[Any]
    """A dataclass; for a table, that of a page."""
    table: bool
    summary: str
    description: str
    act: Callable[[Any], Any]

    @property
    def name(self) -> str:
        """Of the function."""
        return self.act.__name__


OPERATIONS: list[Operation] = []
"""In the order in which they are described."""


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


def operation(
    path: str, scope: Scope | None, table: type[Any] | None = None
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Let a function be served.

    Args:
        path: as Flask writes it.
        scope: what a token needs for it.
        table: the dataclass of a page, where the function gives a `Table`.
    """

    def keep(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
        hints = get_type_hints(act)
        summary, _, description = inspect.cleandoc(act.__doc__ or "").partition("\n\n")
        found = Operation(
            path=path,
            scope=scope,
            asked=hints["asked"],
            answers=table or hints["return"],
            table=table is not None,
            summary=" ".join(summary.split()).rstrip("."),
            description=" ".join(description.split()),
            act=act,
        )
        OPERATIONS.append(found)
        return act

    return keep


def answer(found: Operation, **names: str) -> Response:
    """Answer a request for an operation.

    Args:
        names: the parameters in its path.

    Raises:
        Problem: the caller may not, a parameter is wrong, or what is asked for is not there.
    """
    demand(found.scope)
    where = zone(context().household.time_zone)
    asked = parameters.read(found.asked, names, request.args, where)
    try:
        told = found.act(asked)
        if not isinstance(told, Table):
            return _json(told)
        return _streamed(told) if asked.format is Format.CSV else _page(found, told)
    except StoreError as error:
        log.info("store_unread", error=str(error))
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There is nothing to read here yet: does the household's logger and trader run? "
            "commonwatt doctor tells more.",
            {"Retry-After": "60"},
        ) from None


def _json(told: object) -> Response:
    text = json.dumps(told, default=_plain, ensure_ascii=False, indent=1)
    answer = Response(text + "\n", mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _page(found: Operation, table: Table[Any]) -> Response:
    taken = list(islice(table.rows, table.limit + 1))
    next_ = taken[table.limit - 1][0] if len(taken) > table.limit else None
    rows = [row for _, row in taken[: table.limit]]
    return _json(found.answers(**table.head, rows=rows, next=next_))


def _streamed(table: Table[Any]) -> Response:
    exports = context().exports
    if not exports.acquire(blocking=False):
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Other exports are on their way: two at a time. Try again in a minute.",
            {"Retry-After": "60"},
        )
    lines = _lines(table)
    try:
        first = next(lines)  # While it can still be refused.
    except BaseException:
        exports.release()
        raise
    answer = Response(chain([first], lines), mimetype=CSV_TYPE)
    answer.call_on_close(exports.release)
    answer.headers["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
    return answer


def _lines(table: Table[Any]) -> Iterator[str]:
    """The file, a few hundred lines at a time: never all of it in memory."""
    names = [field.name for field in dataclasses.fields(table.row)]  # no word of Python's among them
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for count, (_, row) in enumerate(table.rows, 1):
        writer.writerow([getattr(row, name) for name in names])
        if count % ROWS_AT_ONCE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name.rstrip("_"): getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Sequence | Mapping):
        return value
    raise TypeError(f"an answer cannot carry {value!r}")
