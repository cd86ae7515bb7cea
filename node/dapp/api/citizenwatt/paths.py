"""CitizenWatt's paths under `/api`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from itertools import chain, islice

from flask import Blueprint, Response, jsonify

from node import hours
from node.dapp.api.citizenwatt.measures import SECOND, Book, Measure, Sums
from node.dapp.api.citizenwatt.numbers import numbers
from node.dapp.api.entrance import demand
from node.dapp.api.parameters import LATEST
from node.dapp.api.problems import Problem
from node.dapp.api.tariffs import files
from node.dapp.api.tokens import Scope
from node.dapp.context import context
from node.local_time import local_day, zone
from node.tariffs.plan import NO_FILES, Plan, Rate, Version, charge_at, version_at

page = Blueprint("citizenwatt", __name__, url_prefix="/api")

ELECTRICITY = {"id": 1, "name": "Electricity"}
"""The one type of sensor that there is."""

MOST = 500
"""Values of one answer by ids."""

MOST_GROUPS = 10_000
"""Of one answer by times."""

MOST_BACK = 100_000
"""Measures that are counted from the last: a day by the second."""

UNITS = ("watts", "kwatthours", "euros")

Group = Sums | None


def path(rule: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Serve one path to GET with a session or token, and to POST with a form's login and password."""

    def serve(view: Callable[..., Response]) -> Callable[..., Response]:
        page.add_url_rule(rule, view.__name__, view, methods=["GET", "POST"])
        return view

    return serve


@page.before_request
def _admitted() -> None:
    demand(Scope.READINGS)


@path("/sensors")
def sensors() -> Response:
    """Every meter."""
    return jsonify(data=[_sensor(name, number) for name, number in _numbers().items()] or None)


@path("/sensors/<int:number>")
def sensor(number: int) -> Response:
    """One meter."""
    found = [_sensor(name, each) for name, each in _numbers().items() if each == number]
    return jsonify(data=found[0] if found else None)


@path("/types")
def types() -> Response:
    """The kinds of sensors."""
    return jsonify(data=[ELECTRICITY])


@path("/time")
def clock() -> Response:
    """Unix time."""
    return jsonify(data=time.time())


@path("/<sensor>/get/watts/by_id/<which>")
def by_id(sensor: str, which: str) -> Response:
    """One measure; a negative id counts from the last."""
    n = _near(which)
    book, number = _book(sensor)
    found = islice(book.between(n, n + 1), 1) if n >= 0 else _only(book.last(-n), -n)
    told = [book.as_told(measure, number) for measure in found]
    return _measured(told[0] if told else None)


@path("/<sensor>/get/<any(watts, kwatthours, euros):unit>/by_id/<first>/<last>")
@path("/<sensor>/get/<any(watts, kwatthours, euros):unit>/by_id/<first>/<last>/<step>")
def by_ids(sensor: str, unit: str, first: str, last: str, step: str | None = None) -> Response:
    """Measures of [first, last); negative ids count from the last."""
    a, b = _near(first), _near(last)
    if b < a or a * b < 0:
        raise _wrong("The second id must not be less than the first, and both of one sign.")
    length = max(_step(step) if step else 1, 1)
    if -(-(b - a) // length) > MOST:
        raise Problem(HTTPStatus.FORBIDDEN, f"More than {MOST} values at once: ask for fewer ids.")
    book, number = _book(sensor)
    placed = _placed(book, a, b)
    if step is None:
        return _one(book, number, unit, [measure for _, measure in placed])
    groups: list[list[Measure]] = [[] for _ in range(-(-(b - a) // length))]
    for place, measure in placed:
        groups[(place - a) // length].append(measure)
    return _measured([_told(unit, book.summed(group)) for group in groups] or None)


@path("/<sensor>/get/watts/by_time/<moment>")
def by_time(sensor: str, moment: str) -> Response:
    """The measure of one moment."""
    at = _moment(moment)
    book, number = _book(sensor)
    told = [book.as_told(measure, number) for measure in book.between(at, at + 1)]
    return _measured(told[0] if told else None)


@path("/<sensor>/get/<any(watts, kwatthours, euros):unit>/by_time/<first>/<last>")
@path("/<sensor>/get/<any(watts, kwatthours, euros):unit>/by_time/<first>/<last>/<step>")
def by_times(sensor: str, unit: str, first: str, last: str, step: str | None = None) -> Response:
    """Measures of [first, last)."""
    start, end = _moment(first, up=True), _moment(last, up=True)
    if end < start:
        raise _wrong("The second time must not be before the first.")
    book, number = _book(sensor)
    if step is None:
        if unit == "watts":
            return _streamed(book, number, start, end)
        [whole] = book.sums([(start, end)]) if end > start else [None]
        return _measured(_told(unit, whole))
    length = _step(step)
    if -(-(end - start) // length) > MOST_GROUPS:
        raise Problem(HTTPStatus.FORBIDDEN, f"More than {MOST_GROUPS} groups at once: take longer steps.")
    spans = ((at, min(at + length, end)) for at in range(start, end, length))
    found = book.sums(spans) if end > start else []
    return _measured([_told(unit, sums) for sums in found] or None)


@path("/energy_providers")
def energy_providers() -> Response:
    """Every tariff."""
    return jsonify(data=[_provider(i, plan) for i, plan in enumerate(_plans())] or None)


@path("/energy_providers/<which>")
def energy_provider(which: str) -> Response:
    """One tariff, or the current one."""
    plans, place = _plans(), _place(which)
    return jsonify(data=_provider(place, plans[place]) if 0 <= place < len(plans) else None)


@path("/<which>/watt_to_euros/<any(day, night):rate>/<energy>")
def watt_to_euros(which: str, rate: str, energy: str) -> Response:
    """What an energy in kWh costs by a tariff's rate of this day."""
    plans, place = _plans(), _place(which)
    try:
        kwh = float(energy)
    except ValueError:
        raise _wrong("Write the energy in kWh, as 1.5.") from None
    version = _version(plans[place]) if 0 <= place < len(plans) else None
    if version is None or not abs(kwh) < 1e12:
        return jsonify(data=None)
    return jsonify(data=_slopes(version)[rate == "night"] * kwh)


def _numbers() -> dict[str, int]:
    here = context()
    if not here.numbers:
        here.numbers = numbers(here.household.state, here.household.meters)
    return here.numbers


def _sensor(name: str, number: int) -> dict[str, object]:
    return {"id": number, "name": name, "type": ELECTRICITY["name"], "type_id": ELECTRICITY["id"]}


def _book(sensor: str) -> tuple[Book, int]:
    """The measures of a meter, by number or name; of one that is not there, none."""
    found = [(name, number) for name, number in _numbers().items() if sensor in (name, str(number))]
    name, number = found[0] if found else ("", 0)
    plans = _plans()
    if not plans:
        return Book(name, None, NO_FILES), number
    return Book(name, plans[0], files(context(), plans[0])), number


def _plans() -> tuple[Plan, ...]:
    return context().household.tariffs


def _placed(book: Book, a: int, b: int) -> list[tuple[int, Measure]]:
    """Measures with their ids; counted from the last, −1, where ids are negative."""
    if a >= 0:
        return [(measure.at, measure) for measure in book.between(a, b)]
    newest = book.last(-a)
    return [(i - len(newest), measure) for i, measure in enumerate(newest) if i - len(newest) < b]


def _only(found: Sequence[Measure], count: int) -> Sequence[Measure]:
    return found[:1] if len(found) == count else ()


def _one(book: Book, number: int, unit: str, found: Sequence[Measure]) -> Response:
    if unit == "watts":
        return _measured([book.as_told(measure, number) for measure in found] or None)
    return _measured(_told(unit, book.summed(found)))


def _told(unit: str, sums: Group) -> dict[str, float | None] | None:
    """A group's mean power, energy, or cost."""
    if sums is None:
        return None
    match unit:
        case "watts":
            return {"value": sums.mean_w, "day_rate": sums.day_w, "night_rate": sums.night_w}
        case "kwatthours":
            value = sums.day_kwh + sums.night_kwh
            return {"value": value, "day_rate": sums.day_kwh, "night_rate": sums.night_kwh}
        case _:
            return {"value": sums.euros}


def _measured(data: object) -> Response:
    return jsonify(data=data, rate=_rate_now())


def _streamed(book: Book, number: int, start: int, end: int) -> Response:
    """Measures one after another, so that a long time takes no more memory than a short one."""
    found = book.between(start, end)
    first = next(found, None)
    if first is None:
        return _measured(None)
    rate = json.dumps(_rate_now())

    def lines() -> Iterator[str]:
        yield '{"data": ['
        for i, measure in enumerate(chain([first], found)):
            yield f"{', ' if i else ''}{json.dumps(book.as_told(measure, number))}"
        yield f'], "rate": {rate}}}\n'

    return Response(lines(), mimetype="application/json")


def _rate_now() -> str | None:
    plans = _plans()
    if not plans:
        return None
    here = context()
    where = zone(here.household.time_zone)
    charge = charge_at(plans[0], int(time.time() * SECOND), where, files(here, plans[0]))
    return None if charge is None else "night" if charge.night else "day"


def _provider(place: int, plan: Plan) -> dict[str, object]:
    version = _version(plan)
    day, night = _slopes(version) if version else (None, None)
    told: dict[str, object] = {
        "id": place + 1,
        "name": plan.name,
        "type_id": ELECTRICITY["id"],
        "day_slope_watt_euros": day,
        "day_constant_watt_euros": 0.0,
        "night_slope_watt_euros": night,
        "night_constant_watt_euros": 0.0,
        "current": int(place == 0),
        "threshold": threshold.watts if (threshold := context().household.threshold) else 0,
    }
    rate = _night(version) if version else None
    if rate is not None and day != night:
        told["start_night_rate"], told["end_night_rate"] = _clock(rate.after), _clock(rate.before)
    return told


def _version(plan: Plan) -> Version | None:
    """The version of today."""
    return version_at(plan, local_day(int(time.time() * SECOND), zone(context().household.time_zone)))


def _slopes(version: Version) -> tuple[float, float]:
    """Per kWh, by day and by night."""
    night = _night(version)
    return version.price / 1e6, (version.price if night is None else night.price) / 1e6


def _night(version: Version) -> Rate | None:
    return next((rate for rate in version.rates if rate.night), None)


def _clock(minute: int | None) -> str:
    return hours.written((minute or 0) % hours.MINUTES)


def _place(which: str) -> int:
    """Of a tariff in the configuration; −1: none."""
    if which == "current":
        return 0
    return int(which) - 1 if which.isdecimal() and len(which) < 6 else -1


def _whole(text: str) -> int:
    if not text.lstrip("-").isdecimal() or not text.isascii() or len(text) > 14 or "-" in text[1:]:
        raise _wrong(f"“{text[:40]}” is no id: write a whole number.")
    return max(min(int(text), LATEST), -LATEST)


def _near(text: str) -> int:
    """An id, not counted too far from the last."""
    number = _whole(text)
    if number < -MOST_BACK:
        raise Problem(HTTPStatus.FORBIDDEN, f"Too far from the last ({MOST_BACK} at most): use times.")
    return number


def _step(text: str) -> int:
    step = _whole(text)
    if step < 1:
        raise _wrong("A step is 1 or more.")
    return step


def _moment(text: str, *, up: bool = False) -> int:
    """Unix seconds: of the second that a moment is in, or of the first that begins not before it."""
    try:
        moment = float(text)
    except ValueError:
        raise _wrong(f"“{text[:40]}” is no time: write Unix seconds.") from None
    if not moment >= 0:
        raise _wrong("A time is 0 or more.")
    at = min(moment, float(LATEST))
    return -int(-at // 1) if up else int(at)


def _wrong(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
