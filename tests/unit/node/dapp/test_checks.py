"""What is wrong with a setting, in the reader's language: whatever a check says, the pages know how to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from flask import Flask

from node.config.errors import ConfigError, Problem
from node.config.loading import load, validated
from node.config.reading import Document, WrittenFloat, read
from node.config.settings import Settings
from node.dapp import catalogues
from node.dapp.app import create_app
from node.dapp.spoken import speaking
from node.dapp.told import told
from quantities.said import Said
from tests.integration.dapp import made_up

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "config.example.yml"

CHECKED = (
    *(ROOT / f"quantities/{name}.py" for name in ("amount", "fields", "share", "soc")),
    ROOT / "chain/endpoint.py",
    ROOT / "node/local_time.py",
    *(file for room in catalogues.ROOMS for file in sorted((ROOT / room).rglob("settings.py"))),
)
"""Where a value of the configuration is found wrong."""

WRONG: tuple[object, ...] = (
    None, True, "", "?", "not 1", "200 %", "99 s", "http://10.0.0.1:80", -1, 0,
    10**30, WrittenFloat("0.1234567890123456789"), WrittenFloat("nan"),
    [], ["?"], {}, {"?": 1},
)  # fmt: skip


def places(data: Any, key: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key of a configuration, sections too."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, each in inside:
        yield (*key, name)
        yield from places(each, (*key, name))


def changed(example: Document, key: tuple[str | int, ...], value: object) -> Document:
    document = Document(deepcopy(example.data), example.places)
    holder: Any = document.data
    for part in key[:-1]:
        holder = holder[part]
    holder[key[-1]] = deepcopy(value)
    return document


def problems(document: Document) -> tuple[Problem, ...]:
    try:
        validated(Settings, document)
    except ConfigError as error:
        return error.problems
    return ()


def messages(text: str) -> Iterator[str]:
    """The message of what is said, and those of what stands in its places."""
    if isinstance(text, Said):
        yield text.message
        for value in text.values.values():
            yield from messages(value)


def said(text: str, french: Catalog) -> bool:
    """Whether all of it can be said again."""
    found = [french.get(message) for message in messages(text)]
    return bool(found) and all(message and message.string for message in found)


@pytest.fixture(scope="module")
def french() -> Catalog:
    return catalogues.read("fr", dict(catalogues.languages())["fr"])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(made_up.household(tmp_path_factory.mktemp("birch")))


def test_whatever_is_written_there_what_is_wrong_with_it_is_said_in_french(french: Catalog) -> None:
    kinds: set[str] = set()
    example = read(EXAMPLE)
    for key in places(example.data):
        for value in WRONG:
            for problem in problems(changed(example, key, value)):
                assert said(problem.what, french), f"{key}, {value!r}: {problem.what!r}"
                kinds |= set(messages(problem.what))
    assert len(kinds) > 40, "else hardly anything was tried"
    assert "it does not fit here (%(why)s)" not in kinds, "give it words: node.config.words"


def test_a_sentence_that_nobody_can_say_again_is_found_by_that(french: Catalog) -> None:
    assert not said("an ordinary text", french)
    assert not said(Said("quite another message"), french)
    assert not said(Said("%(given)s: %(what)s", given="x", what=Said("quite another message")), french)
    assert said(Said("%(given)s: %(what)s", given="x", what=Said("write a number")), french)


def refusals(file: Path) -> Iterator[ast.expr]:
    """What each ValueError of a module says."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = node.exc.func
            if isinstance(name, ast.Name) and name.id == "ValueError":
                yield node.exc.args[0]


@pytest.mark.parametrize("file", CHECKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_check_of_a_value_keeps_the_pieces_of_what_it_says(file: Path) -> None:
    loose = [
        ast.unparse(each)
        for each in refusals(file)
        if not (isinstance(each, ast.Call) and getattr(each.func, "id", "") in {"Said", "_with_one_of"})
    ]
    assert loose == []


@pytest.mark.parametrize("file", catalogues.PYTHON, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_message_is_a_literal_for_it_is_looked_up(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    made = [
        ast.unparse(call.args[0])
        for call in ast.walk(ast.parse(text if "from quantities.said import" in text else ""))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Said"
        if not (isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]
    assert made == []


def refused(folder: Path, text: str) -> list[str]:
    own = folder / "own.yml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load([EXAMPLE, own])
    return [problem.what for problem in error.value.problems]


@pytest.mark.parametrize(
    ("yaml", "french"),
    [
        ("trading: {limit: 30}", "30\u00a0: écrivez un nombre avec l’unité %\u00a0: '5 %'"),
        ("trading: {keep: 9 s}", "9.0\u00a0: le maximum est 4"),
        ("trading: {limit: 70 %}", "`resume` (60\u00a0%) doit être supérieur à `limit` (70\u00a0%)"),
        ("battery: {sensor: batery}",
         "'batery'\u00a0: introuvable (capteur)\u202f; vouliez-vous dire 'battery'\u202f?"),
        ("trading: {limt: 30 %}", "clé inconnue\u202f; vouliez-vous dire `limit`\u202f?"),
        ("household: {role: boss}",
         "'boss'\u00a0: écrivez un de ces mots\u00a0: producer, consumer, prosumer"),
        ("a: 1\na: 2", "écrit deux fois, d’abord à la ligne 1\u202f; gardez-en un"),
        ("trading: {max_price: 0.1234567890123456789}", "'0.1234567890123456789' a plus de 18 décimales"),
    ],
)  # fmt: skip
def test_it_is_said_in_the_readers_words_with_what_was_typed(
    app: Flask, tmp_path: Path, yaml: str, french: str
) -> None:
    [what] = refused(tmp_path, yaml)
    assert told(what) == what
    with speaking(app, "fr"):
        assert told(what) == french
