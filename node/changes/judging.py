"""Whether a request can be done, and what the family's file then says. Writes nothing.

The checks are those of loading, and more: what changes must be a family's, names no file, and stays within
the bounds that hold for the pages (`node.intents.caps`), which come from the files that no family writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import structlog

from node.changes import sensors
from node.changes.editing import MISSING, edited, exact
from node.changes.errors import Uneditable
from node.changes.keys import concerned, is_familys
from node.changes.request import LASTING, Key, Request
from node.changes.told import Trouble
from node.client_interaction.settings import FeedOffer
from node.config.errors import ConfigError
from node.config.loading import load, read_all
from node.config.reading import LARGEST_FILE, Document, read
from node.config.schema import Leaf, at
from node.config.settings import Settings
from node.dotted import dotted
from node.intents.caps import Caps
from node.intents.kinds import Limit, OwnOffer
from quantities import Price
from quantities.said import Said

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """It can be done."""

    former: bytes
    written: bytes
    """What the file says then."""

    keys: tuple[str, ...]
    """What changes, dotted."""

    said: tuple[str, ...]
    """The same in words: `trading.limit: 30 % → 25 %`."""

    units: tuple[str, ...]
    """Processes that have to start anew."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It cannot."""

    problems: tuple[Trouble, ...]
    conflict: bool = False
    """Because the file is not the one that was looked at."""


Verdict: TypeAlias = Accepted | Refused

CHANGED = Said("The configuration was changed meanwhile: look at it again, then change it.")
NOT_FROM_HERE = Said("is not changed from here: whoever set the house up changes it in the files, at the box")
NOTHING = Said("It says that already: nothing changes.")


@dataclass(frozen=True, kw_only=True)
class Undoable:
    """The last change, as the record has it."""

    id: str
    former: bytes
    written: bytes


def judge(asked: Request, files: Sequence[Path], undoable: Undoable | None, now: float, boot: str) -> Verdict:
    """Decide about a request.

    Args:
        files: of the configuration; the last is the family's.
        undoable: the last change that was made.
        now: boottime seconds.
        boot: id of this boot.
    """
    if asked.age(now, boot) > LASTING:
        return _refused(
            Said(
                "Nobody applied it within %(time)s, so it was not done. Ask again.",
                time=f"{LASTING / 60:.0f} min",
            )
        )
    former = files[-1].read_bytes()
    if hash_of(former) != asked.base:
        return Refused(problems=(Trouble("", CHANGED),), conflict=True)
    try:
        return _judged(asked, files, undoable, former)
    except ConfigError as error:
        return Refused(problems=tuple(_found(error, files[-1])))
    except (Uneditable, UnicodeError) as error:
        unreadable = Said("It is not UTF-8 text: %(error)s.", error=error)
        return _refused(error.args[0] if isinstance(error, Uneditable) else unreadable)
    except Exception as error:
        log.exception("request_not_judged", id=asked.id)
        return _refused(
            Said(
                "It could not be looked at, which is a fault of this program: %(error)s.",
                error=type(error).__name__,
            )
        )


def _judged(asked: Request, files: Sequence[Path], undoable: Undoable | None, former: bytes) -> Verdict:
    own = files[-1]
    before, around = read(own, former), read_all(files)
    if asked.undo is not None:
        written = _taken_back(asked.undo, undoable, former)
    elif asked.text is not None:
        written = asked.text.replace("\r\n", "\n").encode()
    else:
        written = edited(former.decode(), asked.changes, around.data).encode()
    if len(written) > LARGEST_FILE:
        return _refused(Said("The file would be larger than %(most)s.", most=f"{LARGEST_FILE // 1024} kB"))
    after = read(own, written)
    differing = list(differences(before.data, after.data))
    if not differing and written == former:
        return _refused(NOTHING)
    added = sensors.new(around.data, after.data)
    # What a page has added it takes back: only the last change, so nobody's meter depends on it yet.
    loose = added if asked.undo is None else {**added, **sensors.new(after.data, before.data)}
    strange = [key for key in differing if not is_familys(key) and not sensors.is_about(key, loose)]
    known = [key for key in strange if at(Settings, key) is not None]
    if problems := [*_not_from_here(known, before, after), *_files_named(differing, before, after)]:
        return Refused(problems=tuple(problems))
    old, new = load(files), load(files, {own: written})  # it says best what is wrong with a misspelt key
    problems = [*_not_from_here(strange, before, after), *sensors.troubles(added, old)]
    if asked.undo is None:
        problems += _beyond(old, new, _ground(files, old))
    if problems:
        return Refused(problems=tuple(problems))
    return Accepted(
        former=former,
        written=written,
        keys=tuple(dotted(key) for key in differing) or ("comments",),
        said=tuple(_said(key, before.data, after.data) for key in differing) or ("comments",),
        units=concerned(differing),
    )


def _taken_back(id: str, undoable: Undoable | None, now: bytes) -> bytes:
    """What the file said before the last change.

    Raises:
        Uneditable: there is another one, or somebody has changed it since then.
    """
    if undoable is None or undoable.id != id:
        raise Uneditable(Said("Only the last change can be taken back, and this is not the last one."))
    if undoable.written != now:
        raise Uneditable(Said("The file was changed at the box since then: take it back there."))
    return undoable.former


def hash_of(content: bytes) -> str:
    """By which a file is known."""
    return hashlib.sha256(content).hexdigest()


def differences(before: Any, after: Any, key: Key = ()) -> Iterator[Key]:
    """The keys whose values differ; a list counts as one value."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(before.get(name, MISSING), after.get(name, MISSING), (*key, name))
    elif isinstance(before, dict) and before and after is MISSING:
        yield from differences(before, {}, key)
    elif isinstance(after, dict) and after and before is MISSING:
        yield from differences({}, after, key)
    elif exact(before) != exact(after):
        yield key


def _not_from_here(keys: Sequence[Key], before: Document, after: Document) -> Iterator[Trouble]:
    for key in keys:
        line = (after if key in after.places else before).place(key).line
        yield Trouble(dotted(key), NOT_FROM_HERE, line)


def _files_named(differing: Sequence[Key], before: Document, after: Document) -> Iterator[Trouble]:
    """Which files are read is decided at the box: no path comes from a page."""
    known = set(_paths(before.data, ()).values())
    for key, path in _paths(after.data, ()).items():
        if path not in known and any(key[: len(each)] == each for each in differing):
            yield Trouble(
                dotted(key),
                Said("%(path)s: which files are read is said in the files, at the box", path=repr(path)),
                after.place(key).line,
            )


def _paths(value: Any, key: Key) -> dict[Key, object]:
    """Every value that names a file."""
    found: dict[Key, object] = {}
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        found |= _paths(each, (*key, name))
    if (
        key
        and not isinstance(value, dict | list)
        and value is not None
        and at(Settings, key) == Leaf(path=True)
    ):
        found[key] = value
    return found


def _ground(files: Sequence[Path], old: Settings) -> Settings:
    """What the bounds come from: the files that no family writes, if they are a whole configuration."""
    if len(files) > 1:
        try:
            return load(files[:-1])
        except ConfigError:
            pass
    return old


def _beyond(old: Settings, new: Settings, ground: Settings) -> Iterator[Trouble]:
    """What goes further than the pages may."""
    caps = Caps.of(ground.intents, ground.trading, ground.offers)
    if not caps.enabled:
        yield Trouble("", Said("The pages of this household may ask for nothing (intents.enabled)."))
    for limit in Limit:
        value = getattr(new.trading, limit.value)
        if value != getattr(old.trading, limit.value) and (says := caps.limit(limit, value)):
            yield Trouble(f"trading.{limit.value}", says)
    known = {feed.contact: feed for feed in old.offers.feeds}
    for i, feed in enumerate(new.offers.feeds):
        for name, price in _new_prices(feed, known.get(feed.contact)).items():
            if says := caps.offer(feed.contact, OwnOffer(price=price, most=feed.max_energy, on=True)):
                yield Trouble(f"offers.feeds[{i}].{'max_energy' if 'order' in says else name}", says)


def _new_prices(feed: FeedOffer, before: FeedOffer | None) -> dict[str, Price]:
    """Prices that are offered otherwise than before: of a rule as well when only its conditions differ."""
    found = {}
    if before is None or (feed.price, feed.max_energy) != (before.price, before.max_energy):
        found["price"] = feed.price
    for i, rule in enumerate(feed.prices):
        if before is None or rule not in before.prices:
            found[f"prices[{i}].price"] = rule.price
    return found


def _found(error: ConfigError, own: Path) -> Iterator[Trouble]:
    for problem in error.problems:
        yield Trouble(problem.key, problem.what, problem.place.line if problem.place.file == own else 0)


def _said(key: Key, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    return f"{dotted(key)}: {_shown(before, key)} → {_shown(after, key)}"


def _shown(data: Any, key: Key) -> str:
    for part in key:
        if not isinstance(data, dict) or part not in data:
            return "not given"
        data = data[part]
    match data:
        case None:
            return "none"
        case bool():
            return "yes" if data else "no"
        case list() | dict():
            return f"a list of {len(data)}"
        case _:
            return str(data)[:64]


def _refused(what: Said) -> Refused:
    return Refused(problems=(Trouble("", what),))
