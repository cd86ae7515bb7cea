"""The example and the table of keys lag behind nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.config.docs import documentation
from node.config.loading import read_all
from node.config.schema import Entry, Leaf, entries
from node.config.settings import Settings

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.yml"
KEYS = list(entries(Settings))
LEAVES = [entry for entry in KEYS if isinstance(entry.shape, Leaf)]


def shown() -> set[str]:
    """The keys of the example, in the table's writing."""
    places = read_all([EXAMPLE]).places
    named = {entry.key for entry in KEYS if "<name>" in entry.key}
    found = set()
    for where in places:
        key = "".join("[]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
        found.add(key)
        parts = key.split(".")
        if len(parts) > 2:
            generic = ".".join([parts[0], "<name>", *parts[2:]])
            found |= {generic} & named
    return found


@pytest.mark.parametrize("entry", LEAVES, ids=lambda entry: entry.key)
def test_every_key_stands_in_the_example(entry: Entry) -> None:
    assert entry.key in shown(), f"show {entry.key} in config.example.yml, with a comment"


@pytest.mark.parametrize("entry", KEYS, ids=lambda entry: entry.key)
def test_every_key_says_what_it_means(entry: Entry) -> None:
    assert entry.meaning.strip(), f"{entry.key} needs a description, or a docstring below it, in its model"


def test_the_table_of_keys_is_current() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text()
    assert written == documentation(), "write it anew: commonwatt config docs > docs/configuration.md"
