"""The form of the settings: fields in groups, what was typed as it is written, errors beside their field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from node.changes.request import Change, Key
from node.changes.told import Field, Trouble
from node.dapp import fields
from node.dapp.configuration import Looked
from node.dapp.language import N_
from node.dapp.language import gettext as _
from node.dapp.told import told
from node.dapp.words import capital

NUMBER = re.compile(r"[-+]?\d{1,12}(?:[.,]\d{1,18})?\Z", re.ASCII)

WITH_UNIT = frozenset({"%", "Wh", "W"})
"""Units that are added to a number typed without one."""

GROUPS = (
    ("trading", N_("Buying"), N_("When this household buys, and what it may cost.")),
    (
        "offers",
        N_("Selling"),
        N_("What is offered to the neighbours, down to which state of charge, at which prices."),
    ),
    (
        "sellers",
        N_("Neighbours to buy from"),
        N_("To whom a line is wired. Who lives there is checked on the chain."),
    ),
    (
        "tariffs",
        N_("Tariffs"),
        N_("What energy costs by contract. A new price is a new version: add it as YAML."),
    ),
    ("dapp", N_("Pages"), ""),
    (
        "notifications",
        N_("Notifications"),
        N_("Who is told what is wrong is in a file at the box; when, is here."),
    ),
    ("household", N_("Household"), ""),
)
"""Section, title, and a sentence."""

TITLES = {section: title for section, title, _text in GROUPS}

BOUND = re.compile(r" \(intents\.\w+\)")
NAMED = re.compile(r"`?\b([a-z_]+(?:\.[a-z_]+)+|(?<=`)[a-z_]+)\b`?")
"""A key in a sentence: dotted, or in its marks."""

RARE = frozenset({
    "trading.dwell", "trading.urgent", "trading.price_tolerance", "trading.forget", "trading.least_score",
    "trading.back_off", "trading.max_back_off", "offers.margin", "offers.validity",
})  # fmt: skip
"""What hardly anybody changes: folded away."""


LABELS = {
    "trading.enabled": N_("Buys by itself"),
    "trading.limit": N_("Buys below"),
    "trading.resume": N_("Goes home at"),
    "trading.delta": N_("Buys beyond that"),
    "trading.max_price": N_("Pays at most"),
    "trading.daily_budget": N_("Spends in a day at most"),
    "offers.reserve": N_("Sells down to"),
    "dapp.threshold": N_("Wants to draw less than"),
    "notifications.least": N_("Tells from"),
    "notifications.quiet_after": N_("Quiet after"),
    "notifications.quiet_before": N_("Quiet before"),
}
"""Of fields whose key says little; as Control names them."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One field as it is shown."""

    field: Field
    id: str
    label: str
    meaning: str
    value: str
    """As typed before, else as it is."""

    problem: str
    rare: bool


@dataclass(frozen=True, kw_only=True)
class Part:
    """Fields that belong together: of one seller, one feed, one version of a tariff."""

    title: str
    """Empty: the group's own."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A section of the configuration."""

    section: str
    title: str
    text: str
    parts: tuple[Part, ...]

    @property
    def rare(self) -> bool:
        """Whether something is folded away, and nothing in it is wrong."""
        return any(each.rare for part in self.parts for each in part.inputs)

    @property
    def wrong(self) -> bool:
        """Whether something that is folded away is wrong."""
        return any(each.rare and each.problem for part in self.parts for each in part.inputs)


def groups(looked: Looked, given: Mapping[str, str], troubles: Sequence[Trouble]) -> list[Group]:
    """Everything that may be changed, with what was typed and what is wrong with it."""
    wrong = {trouble.key: plainly(trouble).what for trouble in troubles}
    found = []
    for section, title, text in GROUPS:
        parts: dict[str, list[Input]] = {}
        for field in looked.fields:
            if field.key[0] == section:
                parts.setdefault(_part(field.key), []).append(_input(field, given, wrong))
        if parts:
            shown = tuple(Part(title=part, inputs=tuple(inputs)) for part, inputs in parts.items())
            found.append(Group(section=section, title=_(title), text=_(text) if text else "", parts=shown))
    return found


def elsewhere(looked: Looked, troubles: Iterable[Trouble]) -> list[Trouble]:
    """What is wrong and stands beside no field."""
    names = {field.name for field in looked.fields}
    return [plainly(trouble) for trouble in troubles if trouble.key not in names]


def called(key: str) -> str:
    """What a dotted key is called in the form: its field, with what that is of, or its section."""
    if key in LABELS:
        return _(LABELS[key])
    if key in TITLES:
        return _(TITLES[key])
    parts: Key = tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", key))
    word = name(parts) if parts else ""
    if word not in fields.NAMES:
        return key
    return ", ".join(filter(None, (capital(_part(parts)), _(word))))


def plainly(trouble: Trouble) -> Trouble:
    """What is wrong in the words of the form: keys are called as their fields are.

    As YAML it is shown with its keys, and with that of the bound which holds for these pages.
    """
    section = trouble.key.partition(".")[0]

    def quoted(found: re.Match[str]) -> str:
        key = found[1] if "." in found[1] else f"{section}.{found[1]}"
        return found[0] if called(key) == key else _("“%(name)s”", name=called(key))

    says = BOUND.sub("", told(trouble.what))
    return Trouble(called(trouble.key), NAMED.sub(quoted, says), trouble.line)


def changes(looked: Looked, given: Mapping[str, str]) -> tuple[Change, ...]:
    """What was typed otherwise than it stands there; unknown names are nothing."""
    return tuple(
        Change(field.key, _written(field, given[field.name]) or None)
        for field in looked.fields
        if field.name in given and not field.fixed and given[field.name].strip() != _shown(field)
    )


def _input(field: Field, given: Mapping[str, str], wrong: Mapping[str, str]) -> Input:
    return Input(
        field=field,
        id="f-" + re.sub(r"[^a-z0-9]+", "-", field.name),
        label=_(LABELS[field.name]) if field.name in LABELS else _(name(field.key)),
        meaning=_(meaning(field)) if field.meaning else "",
        value=given.get(field.name, _shown(field)),
        problem=wrong.get(field.name, ""),
        rare=field.name in RARE,
    )


def name(key: Key) -> str:
    """The last word of a key; in English."""
    return str(key[-1]).replace("_", " ").capitalize()


def meaning(field: Field) -> str:
    """What a field means, without the marks of documents; in English."""
    return field.meaning.replace("`", "").replace("null:", "empty:")


def _part(key: Key) -> str:
    """What a field is of: `alder`, `feed 1`, `feed 1, price rule 2`."""
    words = []
    for before, part in pairwise(key[:-1]):
        if isinstance(part, int):
            words.append(f"{_(ONE.get(str(before), str(before)))} {part + 1}")
        elif part not in ONE:
            words.append(part)
    return ", ".join(words)


ONE = {"feeds": N_("feed"), "prices": N_("price rule"), "versions": N_("version"), "rates": N_("rate")}


def _shown(field: Field) -> str:
    """As it is typed: a list without its brackets."""
    return field.value.strip("[]") if field.default == EMPTY else field.value


EMPTY = "[]"
"""The default of a list."""


def _written(field: Field, typed: str) -> str:
    """What is typed as people do, as it is written in the file."""
    text = typed.strip()
    if field.default == EMPTY and text and not text.startswith("["):
        return f"[{text}]"
    if not field.unit or not NUMBER.match(text):
        return text
    number = text.replace(",", ".")
    return f"{number} {field.unit}" if field.unit in WITH_UNIT else number
