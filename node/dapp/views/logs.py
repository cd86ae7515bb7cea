"""*Log*: what the household's processes logged lately, for operators."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from node.dapp.context import context

page = Blueprint("logs", __name__)

LONGEST = 100
"""Characters that are looked for."""


@page.get("/logs")
def show() -> str:
    """The newest lines, of one process or all, from a level on, with certain words."""
    from node.dapp import logs  # noqa: PLC0415 - who never looks spares it

    given = request.args
    wanted = logs.Wanted(
        process=given.get("process", "") if given.get("process") in logs.PROCESSES else "",
        least=given.get("least", "") if given.get("least") in logs.LEVELS else "info",
        words=given.get("words", "").strip()[:LONGEST],
    )
    house, problem, lines = context().household, "", []
    try:
        lines = logs.newest(wanted, household=house.name, folder=house.logs)
    except logs.NoLog as error:
        problem = str(error)
    return render_template(
        "logs.html",
        wanted=wanted,
        lines=lines,
        problem=problem,
        processes=logs.PROCESSES,
        levels=logs.LEVELS,
        most=logs.SHOWN,
    )
