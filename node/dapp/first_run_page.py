"""What is behind the first run's routes: what each step shows, and what it asks for.

Only what `node.first_run.steps` allows is shown or done, so nobody comes to a step before its time, and the
key's backup is no page any more once it was proved.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import structlog
from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from node.changes.request import request as asking
from node.changes.told import Trouble
from node.channel import NotNow, Silent
from node.dapp import changing, contacts, form, qr, settings_page, words
from node.dapp.configuration import Unread
from node.dapp.context import context
from node.dapp.errors import ClaimRefused
from node.dapp.form import Input
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.security import begin_session, current_name, form_id
from node.dapp.told import told
from node.dapp.users import FIRST_USER, NAME
from node.dapp.views.account import SHORTEST_PASSWORD, unfit
from node.dapp.views.devices import BADGES, shown
from node.first_run.steps import TITLES, Facts, Step, done, may_show, may_tick, resume
from node.sensors import status
from store import snapshot

log = structlog.get_logger(__name__)

Page = str | tuple[str, int] | AnyResponse

LIMITS = ("trading.limit", "trading.resume", "trading.max_price", "trading.daily_budget")
"""Settings that the first run asks for; everything else has its page."""

LARGEST_BACKUP = 8 << 10
"""Bytes: four times what ours has, and what fits a question to the owner of the key."""

UNFIT_NAME = N_("A name begins with a letter, then has small letters, digits, dots, hyphens or underscores.")


def claim() -> Page:
    """The form of the first password."""
    here = context()
    if not here.household.first_run or here.first_run.claims.claimed:
        return redirect(url_for("login.form"))
    return _claim("")


def enter() -> Page:
    """Make the first user, and let them in."""
    here, address = context(), request.remote_addr or "unknown"
    if not here.household.first_run:
        abort(404, _("There is no first run here."))
    name, new = request.form.get("name", "").strip().lower(), request.form.get("new", "")
    if not NAME.match(name):
        return _claim(_(UNFIT_NAME)), 400
    if problem := unfit(name, new):
        return _claim(problem), 400
    wait = here.tries.wait("setup code", address, time.monotonic())
    if wait > 0:
        return _claim(words.too_many(wait)), 429
    here.tries.failed("setup code", address, time.monotonic())
    try:
        here.first_run.claims.claim(request.form.get("setup", ""), name, new, time.time())
    except ClaimRefused as error:
        log.warning("claim_refused", address=address, reason=str(error))
        return _claim(str(error)), 403
    here.tries.succeeded("setup code", address)
    log.info("claimed", user=name, address=address)
    token = here.users.begin(name, new, time.time())
    if token is not None:  # else whoever made another password meanwhile is asked for it
        begin_session(token)
    return redirect(url_for("first.resume"), 303)


def resumed() -> Page:
    """To where it was left; to the first page, once it is over."""
    step = None if context().first_run.over else resume(_facts())
    return redirect("/" if step is None else url_for("first.show", step=step.value), 303)


def show(step: str) -> Page:
    """One step; who comes too early or too late is led to the right one."""
    if step not in set(Step) or step == Step.CLAIM:
        abort(404, _("The first run has no such step."))
    facts = _facts()
    if context().first_run.over or not may_show(Step(step), facts):
        return resumed()
    return _step(Step(step), facts)


def make_key() -> Page:
    """Have the key made; one that another box had is brought back instead."""
    facts = _facts()
    if resume(facts) is not Step.KEY or Step.BACKUP in facts.ticked:
        return resumed()
    try:
        context().first_run.ask("make")
    except (Silent, NotNow) as error:
        return _step(Step.KEY, facts, problem=told(str(error))), 503
    _record("had the household's key made")
    return redirect(url_for("first.resume"), 303)


def bring_back() -> Page:
    """Have the key taken from a backup: its file, and the code that opens it."""
    facts = _facts()
    if resume(facts) is not Step.KEY:
        return resumed()
    file, code = request.files.get("file"), request.form.get("recovery", "")[:64]
    content = b"" if file is None else file.read(LARGEST_BACKUP + 1)
    if not 0 < len(content) <= LARGEST_BACKUP:
        return _step(Step.KEY, facts, problem=_("Choose the backup's file: it has about 1.5 kB.")), 400
    try:
        context().first_run.ask("restore", file=content.decode(errors="replace"), code=code)
    except (Silent, NotNow) as error:
        return _step(Step.KEY, facts, problem=told(str(error))), 400
    _record("brought the household's key back from its backup")
    context().first_run.claims.tick(Step.BACKUP, time.time(), current_name())
    return redirect(url_for("first.resume"), 303)


def back_up() -> Page:
    """Have the backup made, and show its code this once."""
    facts = _facts()
    if resume(facts) is not Step.BACKUP:
        return resumed()
    try:
        made = context().first_run.ask("backup")
    except (Silent, NotNow) as error:
        return _step(Step.BACKUP, facts, problem=told(str(error))), 503
    _record("had the key's backup made and its code shown")
    return _step(Step.BACKUP, facts, code=str(made["code"]), proving=True)


def backup_file() -> Page:
    """The backup's file: of no use without the code."""
    if resume(_facts()) is not Step.BACKUP:
        return resumed()
    try:
        made = context().first_run.ask("file")
    except (Silent, NotNow) as error:
        return _step(Step.BACKUP, _facts(), problem=told(str(error))), 409
    _record("downloaded the key's backup")
    return _attached(str(made["file"]), "key-backup")


def prove() -> Page:
    """Somebody types the code in again; what it opens is tried."""
    facts = _facts()
    if resume(facts) is not Step.BACKUP:
        return resumed()
    try:
        context().first_run.ask("prove", code=request.form.get("recovery", "")[:64])
    except (Silent, NotNow) as error:
        return _step(Step.BACKUP, facts, problem=told(str(error)), proving=True), 400
    context().first_run.claims.tick(Step.BACKUP, time.time(), current_name())
    return redirect(url_for("first.resume"), 303)


def request_file() -> Page:
    """The request to join."""
    return _attached(_request(), "request")


def request_qr() -> Response:
    """The same as a picture."""
    return qr.picture(_request())


def limits() -> Page:
    """Ask for other thresholds; who leaves them as they are goes on."""
    facts = _facts()
    if not may_tick(Step.LIMITS, facts):
        return resumed()
    try:
        looked = context().configuration.look()
        given = {name: value for name, value in request.form.items() if name in LIMITS}
        changes = form.changes(looked, given)
        if changes:
            asked = asking(by=current_name(), base=settings_page.base(), id=form_id(), changes=changes)
            tried = context().configuration.tried(asked)
            if tried.troubles:
                return _step(Step.LIMITS, facts, given=given, troubles=tried.troubles), 400
            settings_page.put(asked, settings_page.said(changes))
    except Unread as error:
        return _step(Step.LIMITS, facts, problem=told(str(error))), 503
    return _ticked(Step.LIMITS)


def tick() -> Page:
    """Somebody says that a step is done."""
    step = request.form.get("step", "")
    if step not in set(Step) or not may_tick(Step(step), _facts()):
        return resumed()
    return _ticked(Step(step))


def _ticked(step: Step) -> Page:
    context().first_run.claims.tick(step, time.time(), current_name())
    return redirect(url_for("first.resume"), 303)


def _request() -> str:
    found = context().first_run.request()
    if found is None:
        abort(404, _("There is no request to join yet: the first run says what is in its way."))
    return found


def _attached(text: str, what: str) -> Response:
    answer = Response(text, mimetype="application/json")
    name = f"commonwatt-{context().household.name}-{what}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _record(what: str) -> None:
    context().users.record(at=time.time(), by=current_name(), about="first run", what=what)


def _facts() -> Facts:
    if not context().household.first_run:
        abort(404, _("There is no first run here: this household was set up otherwise."))
    return context().first_run.facts()


def _claim(problem: str) -> str:
    return render_template(
        "first/claim.html",
        problem=problem,
        name=request.form.get("name", FIRST_USER)[:32],
        setup=request.form.get("setup", "")[:32],
        shortest=SHORTEST_PASSWORD,
        leading=True,
    )


def _step(
    step: Step,
    facts: Facts,
    *,
    problem: str = "",
    code: str = "",
    proving: bool = False,
    given: Mapping[str, str] | None = None,
    troubles: Sequence[Trouble] = (),
) -> str:
    marks = [(each, TITLES[each], done(each, facts)) for each in Step]
    number = list(Step).index(step) + 1
    return render_template(
        f"first/{step}.html",
        leading=True,
        step=step,
        title=TITLES[step],
        number=number,
        marks=marks,
        may_show={each for each in Step if may_show(each, facts)},
        facts=facts,
        problem=problem,
        code=code,
        proving=proving,
        seen=context().first_run.seen(),
        **_shown(step, given or {}, troubles),
    )


def _shown(step: Step, given: Mapping[str, str], troubles: Sequence[Trouble]) -> dict[str, object]:
    """What a step shows besides."""
    here = context()
    run = here.household.run
    match step:
        case Step.JOIN:
            account, why = here.first_run.asking()
            return {"account": account, "wanted": here.first_run.request() is not None, "why": why}
        case Step.SENSORS:
            return {
                "sensors": status.read(run),
                "badges": BADGES,
                "shown": shown,
                "now_boot": snapshot.boottime(),
            }
        case Step.RELAY:
            relay = here.own_relay.now() if here.own_relay else None
            stands = relay.contacts if relay else ()
            return {
                "relay": relay,
                "rows": contacts.rows(here.household, stands, {}, {}),
                "stands": here.contacts_seen(relay),
            }
        case Step.LIMITS:
            return _limits(given, troubles)
        case Step.START:
            lines = changing.seen(here.household.state)[:1]
            return {"trading": here.first_run.trading(), "lines": lines, "control": here.control()}
        case _:
            return {}


def _limits(given: Mapping[str, str], troubles: Sequence[Trouble]) -> dict[str, object]:
    try:
        looked = context().configuration.look()
    except Unread as error:
        return {"fields": [], "unread": str(error), "base": "", "elsewhere": []}
    inputs: list[Input] = [
        each
        for group in form.groups(looked, given, troubles)
        for part in group.parts
        for each in part.inputs
        if each.field.name in LIMITS
    ]
    apart = [form.plainly(each) for each in troubles if each.key not in LIMITS]
    return {"fields": inputs, "unread": "", "base": looked.base, "elsewhere": apart}
