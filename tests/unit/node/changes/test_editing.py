"""Other values in a text: what changes is what was meant, and every other line stays as it is."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.changes.editing import edited, exact, flow
from node.changes.errors import Uneditable
from node.changes.request import Change
from node.config.reading import read

EXAMPLE = (Path(__file__).parents[4] / "config.example.yml").read_text()


def data(text: str) -> dict[str, Any]:
    return read(Path("x.yml"), text.encode()).data


def change(text: str, *changes: tuple[str, str | None], around: str | None = None) -> str:
    made = [Change(tuple(int(p) if p.isdigit() else p for p in key.split(".")), new) for key, new in changes]
    return edited(text, made, data(around or text))


def differing(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("trading.limit", "25 %", "limit: 25 %                       # state of charge below which it buys"),
        ("offers.feeds.0.price", "0.30", "price: 0.30                   # tokens per kWh"),
        ("offers.feeds.0.prices.1.days", "[mon]", "days: [mon]          # mon, tue, wed, thu, fri, sat, sun"),
    ],
)
def test_one_line_of_the_example_changes_and_its_comment_stays(key: str, value: str, line: str) -> None:
    after = change(EXAMPLE, (key, value))
    gone, come = differing(EXAMPLE, after)
    assert gone[0] == "-"
    assert come[1:].strip() == line


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "trading.limit", "25 %", "trading:\n  limit: 25 %\n"),
        ("# ours\n", "trading.limit", "25 %", "# ours\ntrading:\n  limit: 25 %\n"),
        ("a: 1", "b", "2", "a: 1\nb: 2\n"),
        ("t:\n    a: 1  # one\n# end\n", "t.b", "2", "t:\n    a: 1  # one\n    b: 2\n# end\n"),
        ("t: {a: 1}\n", "t.b", "x", "t: {a: 1, b: x}\n"),
        ("t: {}\n", "t.b", "x", "t: {b: x}\n"),
        ("t:\n", "t.b", "x", "t: {b: x}\n"),
        ("t:  # here\n", "t", "x", "t: x  # here\n"),
        ("t:\n  a:\n    b: 1\nu: 2\n", "t.a.b", None, "u: 2\n"),
        ("t:\n  a: 1\n  # of b\n  b: 2\n", "t.a", None, "t:\n  # of b\n  b: 2\n"),
        ("t: {a: 1, b: 2}\n", "t.a", None, "t: {b: 2}\n"),
        ("t: {a: 1, b: 2}\n", "t.b", None, "t: {a: 1}\n"),
        ("t: {a: 1}\nu: 1\n", "t.a", None, "u: 1\n"),
        ("# ours\nt: {a: 1}\n", "t.a", None, "# ours\n"),
        ("t:\n  - a: 1\n  - a: 2\n", "t.1.a", "3", "t:\n  - a: 1\n  - a: 3\n"),
        ("t: |\n  text\n  more\nu: 1\n", "v", "2", "t: |\n  text\n  more\nu: 1\nv: 2\n"),
        ("t: |\n  text\n", "v", "2", "t: |\n  text\nv: 2\n"),
        ("a: 1\n", "b.c", None, "a: 1\n"),
        ("q: 1\n", "t", '"22:00"', "q: 1\nt: '22:00'\n"),
    ],
)  # fmt: skip
def test_a_key_is_changed_added_or_left_out(before: str, key: str, value: str | None, after: str) -> None:
    assert change(before, (key, value)) == after


def test_an_element_of_a_list_that_the_family_does_not_have_brings_the_list() -> None:
    around = "offers:\n  feeds: [{contact: 1, price: 0.250000000000000001}, {contact: 2, price: 1}]\n"
    after = change("# ours\n", ("offers.feeds.1.price", "0.5"), around=around)
    assert after == (
        "# ours\noffers:\n  feeds: [{contact: 1, price: 0.250000000000000001}, {contact: 2, price: 0.5}]\n"
    )


@pytest.mark.parametrize("key", ["offers.feeds.9.price", "offers.feeds.0.price.x"])
def test_what_is_not_there_is_told(key: str) -> None:
    with pytest.raises(Uneditable, match="change it as YAML"):
        change("offers:\n  feeds: [{price: 1}]\n", (key, "2"))


def test_a_text_with_anchors_is_refused_rather_than_spoiled() -> None:
    with pytest.raises(Uneditable, match="cannot be changed alone"):
        change("a: &one {x: 1}\nb: *one\n", ("b.x", "2"))


NAMES = st.sampled_from(["a", "b", "c", "d e", "f-1"])
WORDS = st.one_of(
    st.sampled_from(["30 %", "x", "22:00", "it's", "a # b", "{", "- x", "", "0x10", "é"]),
    st.integers(-5, 10**6),
    st.booleans(),
    st.none(),
)
TREES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def written(tree: Any, blocks: bool, indentation: str = "") -> str:
    """The same data in another hand: in lines or in braces, with comments."""
    lines = []
    for name, value in tree.items():
        if blocks and isinstance(value, dict) and value:
            inside = written(value, blocks, f"{indentation}  ")
            lines.append(f"{indentation}{flow(name)}:  # of {name}\n{inside}")
        else:
            lines.append(f"{indentation}{flow(name)}: {flow(value)}  # of {name}\n")
    return "".join(lines)


@given(
    tree=st.dictionaries(NAMES, TREES, max_size=4),
    key=st.lists(NAMES, min_size=1, max_size=3),
    value=TREES,
    away=st.booleans(),
    blocks=st.booleans(),
)
def test_whatever_the_text_only_what_was_meant_changes(
    tree: dict[str, Any], key: list[str], value: Any, away: bool, blocks: bool
) -> None:
    before = written(tree, blocks)
    assert exact(data(before)) == exact(tree)
    after = edited(before, [Change(tuple(key), None if away else flow(value))], tree)
    found: Any = data(after)
    for name in set(tree) - {key[0]}:
        assert exact(found[name]) == exact(tree[name])
        assert written({name: tree[name]}, blocks) in after
    for name in key[:-1]:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    if away:
        assert not isinstance(found, dict) or key[-1] not in found
    else:
        assert exact(found[key[-1]]) == exact(value)
